package transfer

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestZipName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                        "archive.zip",
		".":                       "archive.zip",
		"..":                      "archive.zip",
		"/":                       "archive.zip",
		".zip":                    "archive.zip",
		"..zip":                   "archive.zip",
		"a/":                      "archive.zip",
		"job":                     "job.zip",
		"job.zip":                 "job.zip",
		"job.ZIP":                 "job.zip",
		"job.zip.":                "job.zip.zip",
		"job.tar.gz":              "job.tar.gz.zip",
		"my job_1.zip":            "my job_1.zip",
		".ssh/authorized_keys":    "authorized_keys.zip",
		".bashrc":                 "bashrc.zip",
		`..\..\windows\x.zip`:     "x.zip",
		`C:\x.zip`:                "x.zip",
		"C:x.zip":                 "C_x.zip",
		"a\x00b\n\r\x1b[31m.zip":  "ab[31m.zip",
		"a\u202egpj.zip":          "agpj.zip",
		"caf\xe9.zip":             "caf.zip",
		`a<b>c:d"e|f?g*h.zip`:     "a_b_c_d_e_f_g_h.zip",
		strings.Repeat("ä", 300):  strings.Repeat("ä", 100) + ".zip",
		strings.Repeat("a.", 101): strings.Repeat("a.", 99) + "a.zip",
		"-rf.zip":                 "-rf.zip",
		"Grüße 日本.zip":            "Grüße 日本.zip",
	} {
		assert.Equal(t, want, zipName(name), "%q", name)
	}
}

func TestDispositionName(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"":                                                   "archive.zip",
		"attachment":                                         "archive.zip",
		`attachment; filename="a b.zip"`:                     "a b.zip",
		`attachment; filename=a.zip`:                         "a.zip",
		`attachment; FileName=a.zip`:                         "a.zip",
		`attachment; filename=my job.zip`:                    "my job.zip",
		`attachment; filename = "x.zip" ; y`:                 "x.zip",
		`filename=a.zip`:                                     "a.zip",
		`attachment; filename=""`:                            "archive.zip",
		`attachment; filename="a\"b.zip"`:                    "a_b.zip",
		`attachment; filename="C:\x\y.zip"`:                  "y.zip",
		`attachment; filename=../x.zip`:                      "x.zip",
		`attachment; filename=../my x.zip`:                   "my x.zip",
		`attachment; filename="a.zip`:                        "a.zip",
		`attachment; filename=a;filename=b`:                  "a.zip",
		`attachment; filename*=UTF-8''%e2%82%ac%20rates.zip`: "€ rates.zip",
		`attachment; filename*=utf-8'en'%2e%2e%2fx.zip`:      "x.zip",
		`attachment; filename*=broken; filename=a.zip`:       "a.zip",
		`attachment; name="filename=x"`:                      "archive.zip",
	} {
		assert.Equal(t, want, dispositionName(header), header)
	}
}

// checkZipName asserts that a name is one on every system, and that of a zip.
func checkZipName(t *testing.T, name string) {
	t.Helper()
	if !filepath.IsLocal(name) || filepath.Base(name) != name || strings.ContainsAny(name, `/\<>:"|?*`) {
		t.Errorf("%q is no plain name", name)
	}
	if !strings.HasSuffix(name, ".zip") || len(name) > 204 || strings.HasPrefix(name, ".") || strings.HasPrefix(name, " ") || !utf8.ValidString(name) {
		t.Errorf("%q is no good name for a zip", name)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q cannot be printed", name)
	}
	if again := zipName(name); again != name {
		t.Errorf("%q becomes %q when it is cleaned again", name, again)
	}
}

func FuzzZipName(f *testing.F) {
	for _, seed := range []string{"", "job.zip", "../../x.zip", `..\x`, "a\x00b", ". .zip", "CON.zip", "a.zip.zip", strings.Repeat("é", 150)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) { checkZipName(t, zipName(name)) })
}

func FuzzContentDisposition(f *testing.F) {
	for _, seed := range []string{"", `attachment; filename="a.zip"`, `attachment; filename=../x`, `attachment; filename*=UTF-8''%2e%2e%2fx`, `filename=a b;c`, `;;filename="`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) { checkZipName(t, dispositionName(header)) })
}
