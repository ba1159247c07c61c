// Package tokencache keeps login tokens in a file, so that the next command
// needs no login.
package tokencache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/proximl/proximl-go"
	"github.com/proximl/proximl-go/internal/atomicfile"
)

const (
	maxFile = 1 << 20 // bytes
	// keep is how long after the end of the id token the refresh token may still
	// be good: Cognito's default.
	keep = 30 * 24 * time.Hour
)

// File is a [proximl.TokenCache] that keeps the tokens of all accounts in one
// JSON file, which only the user may read.
type File struct{ Path string }

// Load returns the tokens of an account. It fails when others can read the file.
func (f *File) Load(_ context.Context, account string) (*proximl.Tokens, error) {
	all, err := f.read()
	return all[account], err
}

// Save puts the tokens of an account into the file. A file that cannot be used
// is replaced.
func (f *File) Save(ctx context.Context, account string, tokens *proximl.Tokens) error {
	return atomicfile.Update(ctx, f.Path, func() ([]byte, error) {
		kept := map[string]*proximl.Tokens{}
		if all, err := f.read(); err == nil {
			for name, old := range all {
				if old != nil && time.Since(old.Expires) < keep {
					kept[name] = old
				}
			}
		}
		kept[account] = tokens
		return json.Marshal(kept, json.Deterministic(true), jsontext.WithIndent("  "))
	})
}

func (f *File) read() (map[string]*proximl.Tokens, error) {
	info, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by other users (mode %s), so its tokens are not used; the next login replaces it", f.Path, info.Mode().Perm())
	}
	content, err := atomicfile.Read(f.Path, maxFile)
	if err != nil {
		return nil, err
	}
	var all map[string]*proximl.Tokens
	if err := json.Unmarshal(content, &all); err != nil {
		return nil, fmt.Errorf("%s is not what proximl wrote; the next login replaces it", f.Path) // the cause could quote a token
	}
	return all, nil
}
