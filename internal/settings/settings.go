// Package settings looks up values in options, the environment and files. Each
// value knows where it came from.
package settings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go/internal/atomicfile"
)

const (
	environmentPrefix = "PROXIML_"
	dirName           = "config_dir"
	defaultDir        = "~/.proximl"
	maxFile           = 1 << 20 // bytes
)

// Strength orders the sources of a value.
type Strength int

// The sources, the weakest first.
const (
	FromDefault Strength = iota
	FromFile
	FromEnvironment
	FromOption
)

// Value is a setting. Its source reads well after "from".
type Value struct {
	Text     string
	Source   string
	Strength Strength
}

// Store is where settings are looked up.
type Store struct {
	Dir     string // the configuration folder; empty when there is no home folder
	options map[string]string
	fileOf  map[string]string // the file that holds a setting
	files   map[string]map[string]jsontext.Value
}

// Load reads the files of the configuration folder that hold settings. One that
// does not exist is no error, one that cannot be used is.
func Load(options, fileOf map[string]string) (*Store, error) {
	s := &Store{options: options, fileOf: fileOf, files: map[string]map[string]jsontext.Value{}}
	if s.Dir = expandHome(s.Get(dirName).Text); s.Dir == "" {
		return s, nil
	}
	for name, file := range fileOf {
		if _, read := s.files[file]; !read {
			content, err := readFile(s.Path(file))
			if err != nil {
				return nil, err
			}
			s.files[file] = content
		}
		if kind := s.files[file][name].Kind(); kind != jsontext.KindInvalid && kind != jsontext.KindString && kind != jsontext.KindNull {
			return nil, fmt.Errorf("%s: the value of %q is no string", s.Path(file), name)
		}
	}
	return s, nil
}

// Path returns the path of a file in the configuration folder.
func (s *Store) Path(file string) string { return filepath.Join(s.Dir, file) }

// Get returns the strongest value of a setting: that of the option, of the
// environment variable named after it, or of its file. An option may be empty;
// anywhere else an empty value counts as none.
func (s *Store) Get(name string) Value {
	if name == "" { // what cannot be set
		return Value{Source: "the default"}
	}
	if text, ok := s.options[name]; ok {
		return Value{text, "an option", FromOption}
	}
	variable := environmentPrefix + strings.ToUpper(name)
	if text := os.Getenv(variable); text != "" {
		return Value{text, variable, FromEnvironment}
	}
	file := s.fileOf[name]
	var text string
	if raw, ok := s.files[file][name]; ok && json.Unmarshal(raw, &text) == nil && text != "" {
		return Value{text, s.Path(file), FromFile}
	}
	return Value{Source: "the default"}
}

// Save changes one value of a file and keeps the rest. An empty text takes the
// value away. Readers never see half a file.
func (s *Store) Save(ctx context.Context, file, name, text string) error {
	path := s.Path(file)
	return atomicfile.Update(ctx, path, func() ([]byte, error) {
		values, err := readFile(path)
		if err != nil {
			return nil, err
		}
		changed := map[string]any{name: text}
		for other, value := range values {
			if other != name {
				changed[other] = value
			}
		}
		if text == "" {
			delete(changed, name)
		}
		return json.Marshal(changed, json.Deterministic(true), jsontext.WithIndent("  "))
	})
}

// readFile reads the JSON object in a file. It returns nothing for a file that
// does not exist, and an error that names it for one that cannot be used.
func readFile(path string) (map[string]jsontext.Value, error) {
	content, err := atomicfile.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read a configuration file: %w", err)
	}
	var values map[string]jsontext.Value
	if err := json.Unmarshal(content, &values); err != nil {
		return nil, fmt.Errorf("%s is not a JSON object; mend or remove it: %w", path, withoutNames(err))
	}
	return values, nil
}

// withoutNames takes away the names around an error of syntax: in a file that is
// broken, a key may stand where a name should.
func withoutNames(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("%w after byte %d", syntax.Err, syntax.ByteOffset)
	}
	return err
}

// expandHome puts the home folder in the place of a leading ~.
func expandHome(dir string) string {
	if dir == "" {
		dir = defaultDir
	}
	rest, ok := strings.CutPrefix(dir, "~")
	if !ok || rest != "" && !os.IsPathSeparator(rest[0]) {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, rest)
}
