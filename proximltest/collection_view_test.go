package proximltest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proximl/proximl-go/proximltest"
)

func TestWithoutOutputType(t *testing.T) {
	t.Parallel()
	eachCollection(t, func(t *testing.T, kind, _ string, body object) {
		w := newWorld(t, proximltest.WithoutOutputType())
		me := w.srv.Account("me@example.com")
		path := w.entity(me, kind, body)
		w.wait(day)
		exporting := w.send(me, "POST", path+"/export", object{"output_type": "local", "output_uri": "~/out"}).object()
		assert.NotContains(t, exporting, "output_type")
		assert.Equal(t, "~/out", exporting["output_uri"])
		shown := w.get(me, path)
		assert.NotContains(t, shown, "output_type")
		assert.NotEmpty(t, shown["hostname"], "it is exported to the user's machine all the same")
	})
}
