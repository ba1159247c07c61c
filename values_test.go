package proximl_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// What a request says must be what the caller says: nothing of what is not set,
// a zero that is set, an empty list that clears one, a null if need be. The
// files in testdata/values are the bodies.
func TestValuesOfRequests(t *testing.T) {
	t.Parallel()
	for file, call := range map[string]func(context.Context, *proximl.ProxiML) (any, error){
		"job_update_unset": update(proximl.JobUpdate{}),
		"job_update_zero": update(proximl.JobUpdate{
			Name: new(""),
			Resources: &proximl.JobResources{
				GPUCount: new(0), CPUCount: new(0), DiskSize: new(0), MaxPrice: new(0.0), Preemptible: new(false),
			},
			Environment: &proximl.JobEnvironment{},
			Data:        &proximl.JobData{OutputOptions: &proximl.LocationOptions{Archive: new(false), SaveModel: new(false)}},
			Model:       &proximl.JobModel{},
			Endpoint:    &proximl.JobEndpoint{},
		}),
		"job_update_clear": update(proximl.JobUpdate{
			Resources: &proximl.JobResources{GPUTypes: []string{}},
			Workers:   []string{},
			Environment: &proximl.JobEnvironment{
				Env: []proximl.EnvVar{}, Credentials: []string{}, Secrets: []string{},
				Packages: &proximl.Packages{APT: []string{}, PIP: []string{}, Conda: []string{}},
			},
			Data:     &proximl.JobData{Datasets: []proximl.DatasetRef{}, Volumes: []string{}},
			Model:    &proximl.JobModel{Checkpoints: []proximl.CheckpointRef{}},
			Endpoint: &proximl.JobEndpoint{Routes: []proximl.Route{}},
		}),
		"job_update_null": update(proximl.JobUpdate{
			Environment: &proximl.JobEnvironment{
				Packages: &proximl.Packages{Extra: jsontext.Value(`{"pip":null}`)}, Extra: jsontext.Value(`{"custom_image":null}`),
			},
			Extra: jsontext.Value(`{"name":null,"endpoint":null}`),
		}),
		"project_spec_unset":     createProject(proximl.ProjectSpec{Name: "p"}),
		"project_spec_zero":      createProject(proximl.ProjectSpec{Name: "p", CopyCredentials: new(false), CopySecrets: new(false)}),
		"project_settings_unset": updateProject(proximl.ProjectSettings{}),
		"project_settings_zero":  updateProject(proximl.ProjectSettings{OnlyOwnedResources: new(false)}),
		"storage_spec_unset":     createStorage(proximl.StorageSpec{Name: "n"}),
		"storage_spec_zero": createStorage(proximl.StorageSpec{
			Name: "n", SourceOptions: &proximl.LocationOptions{Archive: new(false), SaveModel: new(false)},
		}),
		"storage_spec_null": createStorage(proximl.StorageSpec{
			Name: "n", SourceOptions: &proximl.LocationOptions{Extra: jsontext.Value(`{"path":null}`)}, Extra: jsontext.Value(`{"source_uri":null}`),
		}),
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			golden, err := os.ReadFile(filepath.Join("testdata", "values", file+".json"))
			require.NoError(t, err)
			client, mock := newMock(t)
			var body string
			mock.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
				body = bodyOf(t, req)
				return exchange{reply: "{}"}.response(req), nil
			})
			_, err = call(t.Context(), client)
			require.NoError(t, err)
			assert.JSONEq(t, string(golden), body)
		})
	}
}

func update(update proximl.JobUpdate) func(context.Context, *proximl.ProxiML) (any, error) {
	return func(ctx context.Context, c *proximl.ProxiML) (any, error) {
		return some(c.Jobs.Update(ctx, "x", &update))
	}
}

func createProject(spec proximl.ProjectSpec) func(context.Context, *proximl.ProxiML) (any, error) {
	return func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Projects.Create(ctx, &spec)) }
}

func updateProject(settings proximl.ProjectSettings) func(context.Context, *proximl.ProxiML) (any, error) {
	return func(ctx context.Context, c *proximl.ProxiML) (any, error) {
		return some(c.Projects.Update(ctx, "x", &settings))
	}
}

func createStorage(spec proximl.StorageSpec) func(context.Context, *proximl.ProxiML) (any, error) {
	return func(ctx context.Context, c *proximl.ProxiML) (any, error) { return some(c.Models.Create(ctx, &spec)) }
}

func TestTimeIsRead(t *testing.T) {
	t.Parallel()
	second := time.Date(2021, 2, 11, 15, 46, 22, 0, time.UTC)
	milli := second.Add(455 * time.Millisecond)
	for value, want := range map[string]time.Time{
		`"2021-02-11T15:46:22.455Z"`:          milli,
		`"2021-02-11T15:46:22Z"`:              second,
		`"2021-02-11T15:46:22.455123456Z"`:    milli.Add(123456),
		`"2021-02-11T17:46:22.455+02:00"`:     milli,
		`"2021-02-11T15:46:22.455"`:           milli, // no zone: UTC
		`"2021-02-11 15:46:22.455"`:           milli,
		`"2021-02-11 10:46:22.455-05:00"`:     milli,
		`"2021-02-11"`:                        time.Date(2021, 2, 11, 0, 0, 0, 0, time.UTC),
		`1613058382455`:                       milli, // milliseconds
		`"1613058382455"`:                     milli,
		`1613058382`:                          second, // seconds
		`1613058382.455`:                      milli,
		`1.613058382455e12`:                   milli,
		`"\u0032021-02-11T15:46:22Z"`:         second, // an escaped digit
		`""`:                                  {},
		`null`:                                {},
		`0`:                                   {},
		`-5`:                                  {},
		`1e300`:                               {},
		`"soon"`:                              {},
		`"NaN"`:                               {},
		`true`:                                {},
		`{"seconds":1613058382}`:              {},
		`[1613058382]`:                        {},
		`"2021-13-41T25:61:61Z"`:              {},
		`"9999-12-31T23:59:59.999-00:01"`:     {}, // the year 10000 in UTC cannot be written
		`"0000-01-01T00:00:00.000+00:01"`:     {}, // nor can a year before 0
		`"2021-02-11T15:46:22.455Z and more"`: {},
	} {
		project := proximl.Project{CreatedAt: at("2000-01-01T00:00:00Z")}
		require.NoError(t, json.Unmarshal([]byte(`{"id":"x","createdAt":`+value+`,"name":"after"}`), &project), value)
		assert.Equal(t, proximl.Time{Time: want}, project.CreatedAt, value)
		assert.Equal(t, "after", project.Name, value)
	}
}

func TestTimeIsWritten(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 2*60*60)
	for want, given := range map[string]time.Time{
		`"2021-02-11T15:46:22.455Z"`:       time.Date(2021, 2, 11, 17, 46, 22, 455e6, east),
		`"2021-02-11T15:46:22.000Z"`:       time.Date(2021, 2, 11, 15, 46, 22, 0, time.UTC),
		`"2021-02-11T15:46:22.455000001Z"`: time.Date(2021, 2, 11, 15, 46, 22, 455000001, time.UTC),
		`""`:                               {},
	} {
		text, err := json.Marshal(proximl.Time{Time: given})
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	text, err := json.Marshal(proximl.GPUType{ID: "x"})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "createdAt", "a time that is not known")
}

// Whatever the service sends for a time, the rest of the entity is read, and
// what was read is written such that it is read again.
func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		`"2021-02-11T15:46:22.455Z"`, `"2021-02-11T15:46:22"`, `"2021-02-11 15:46:22+02:00"`, `"2021-02-11"`, `""`, `null`,
		`1613058382455`, `1613058382`, `"1613058382455"`, `-1`, `1e400`, `{}`, `["a"]`, `"0000-01-01T00:00:00+23:59"`, `253402300799999`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !jsontext.Value(value).IsValid() {
			return
		}
		var read proximl.Time
		require.NoError(t, json.Unmarshal([]byte(value), &read))
		require.Equal(t, time.UTC, read.Location())
		written, err := json.Marshal(read)
		require.NoError(t, err)
		var again proximl.Time
		require.NoError(t, json.Unmarshal(written, &again))
		require.Equal(t, read, again, "written as %s", written)
		if !read.IsZero() {
			var text string
			require.NoError(t, json.Unmarshal(written, &text))
			standard, err := time.Parse(time.RFC3339, text)
			require.NoError(t, err)
			require.True(t, standard.Equal(read.Time))
		}
	})
}
