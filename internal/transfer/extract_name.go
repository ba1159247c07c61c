package transfer

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// localName turns the name of an entry into a path below the target folder. It
// refuses what leads out, and what this system cannot have.
func localName(name string) (string, error) {
	switch {
	case len(name) > maxName:
		return "", fmt.Errorf("its name has more than %d bytes", maxName)
	case strings.HasPrefix(name, "/"):
		return "", errors.New("its name is absolute")
	case strings.Contains(name, "..") && slices.Contains(strings.Split(name, "/"), ".."):
		return "", errors.New("its name leads out of the folder")
	}
	clean := path.Clean(name)
	// Localize wants UTF-8, which names on Unix need not be.
	if _, err := filepath.Localize(strings.ToValidUTF8(clean, "?")); err != nil || name == "" {
		return "", errors.New("this system cannot have such a name")
	}
	return filepath.FromSlash(clean), nil
}
