package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go/proximltest"
)

// saved is what the configuration folder says is the active project.
func (p *person) saved() string {
	p.t.Helper()
	content, err := os.ReadFile(filepath.Join(p.config, "config.json"))
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(p.t, err)
	return string(content)
}

func saying(id string) string { return "{\n  \"project\": \"" + id + "\"\n}" }

func TestConfigureByPipe(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	you := newPerson(t, srv, "you@example.com")
	other := me.project("My Other Project")
	you.share(you.project("Project Shared With Me"), me)
	const choices = "Select Active Project: (My Other Project, Personal, Project Shared With Me) "

	me.pipe("My Other Project\n", "configure").
		prints("").
		notes("Current Active Project: UNSET\n" + choices + "[Personal]: \n" + "The active project is My Other Project (" + other.ID + ")\n")
	assert.Equal(t, saying(other.ID), me.saved())

	me.pipe("personal\n Nowhere \n"+me.account.Project, "configure").
		prints("").
		notes("Current Active Project: My Other Project\n" +
			choices + "[My Other Project]: \nnot found: no project is called \"personal\"; see \"proximl project list\"\n" +
			choices + "[My Other Project]: \nnot found: no project is called \"Nowhere\"; see \"proximl project list\"\n" +
			choices + "[My Other Project]: \n" + "The active project is Personal (" + me.account.Project + ")\n")
	assert.Equal(t, saying(me.account.Project), me.saved())

	r := me.pipe("", "configure")
	assert.Empty(t, r.stdout)
	assert.Equal(t, "Current Active Project: Personal\n"+choices+"[Personal]: \n"+"proximl: nothing was changed: the input ended without an answer; --project answers the question\n", r.stderr)
	assert.Equal(t, exitUsage, r.code)
	assert.Equal(t, saying(me.account.Project), me.saved())

	me.pipe("\n", "configure").ok()
	assert.Equal(t, saying(me.account.Project), me.saved(), "an empty answer is the one in brackets")
}

func TestConfigureByFlag(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	other := me.project("My Other Project")
	me.run("configure", "--project", "My Other Project").prints("")
	assert.Equal(t, saying(other.ID), me.saved())
	me.run("configure", "--project", me.account.Project, "-q").prints("").notes("")
	assert.Equal(t, saying(me.account.Project), me.saved())
	me.run("configure", "--project", "Nowhere").fails(exitNotFound, `not found: no project is called "Nowhere"; see "proximl project list"`)
	assert.Equal(t, saying(me.account.Project), me.saved())
	me.with("PROXIML_PROJECT="+other.ID).run("configure", "--project", "Personal").
		notes("The active project is Personal (" + me.account.Project + ")\nBut PROXIML_PROJECT is set, and beats it\n")
}

func TestConfigureTellsProjectsOfOneNameApart(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	you := newPerson(t, srv, "you@example.com")
	mine, yours := me.project("Twins"), you.project("Twins")
	you.share(yours, me)

	ask := "Select Active Project: (Personal, " + mine.ID + ", " + yours.ID + ") "
	ambiguous := "name is not unique: 2 projects are called \"Twins\", use an id: " + mine.ID + ", " + yours.ID
	me.pipe("Twins\n"+yours.ID+"\n", "configure").
		prints("").
		notes(mine.ID + " is called Twins and owned by me\n" + yours.ID + " is called Twins and owned by you\n" +
			"Current Active Project: UNSET\n" + ask + "[Personal]: \n" + ambiguous + "\n" + ask + "[Personal]: \n" +
			"The active project is Twins (" + yours.ID + ")\n")
	assert.Equal(t, saying(yours.ID), me.saved())
	me.pipe("\n", "configure").ok()
	assert.Equal(t, saying(yours.ID), me.saved())
	me.run("configure", "--project", "Twins").fails(exitError, ambiguous)
	me.run("project", "show", "Twins").fails(exitError, ambiguous)
}

func TestConfigureOffersTheIDForANameThatCannotBeTyped(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	odd := me.project("odd\x1b[31m")
	me.pipe(odd.ID+"\n", "configure").
		prints("").
		notes(odd.ID + " is called odd [31m and owned by me\nCurrent Active Project: UNSET\n" +
			"Select Active Project: (Personal, " + odd.ID + ") [Personal]: \nThe active project is odd [31m (" + odd.ID + ")\n")
	assert.Equal(t, saying(odd.ID), me.saved())
}

func TestConfigureWithAProjectThatIsGone(t *testing.T) {
	t.Parallel()
	_, me := service(t)
	const gone = "11111111-2222-4333-8444-555555555555"
	require.NoError(t, os.MkdirAll(me.config, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(me.config, "config.json"), []byte(saying(gone)), 0o600))
	me.pipe("Personal\n", "configure").
		prints("").
		notes("Current Active Project: " + gone + "\nSelect Active Project: (Personal) [Personal]: \nThe active project is Personal (" + me.account.Project + ")\n")
	assert.Equal(t, saying(me.account.Project), me.saved())
}

func TestConfigureWithoutTheService(t *testing.T) {
	t.Parallel()
	srv, me := service(t)
	srv.Inject(proximltest.Fault{On: "GET /project", Status: http.StatusForbidden, Body: `{"message":"Forbidden"}`})
	me.run("configure").fails(exitNotAllowed, "GET /project: 403 Forbidden; the project's owner decides what its members may do")
	assert.Empty(t, me.saved())
	nobody := stranger(t)
	nobody.run("configure").fails(exitError, "no credentials: looked at the environment variables PROXIML_USER and PROXIML_KEY, and "+
		filepath.Join(nobody.config, "credentials.json")+"; make an API key on the account settings page and put its file there")
}
