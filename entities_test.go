package proximl_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

// entities makes the entity that a fixture is, by the fixture's name.
var entities = map[string]func() any{
	"project":                 func() any { return new(proximl.Project) },
	"project_shared":          func() any { return new(proximl.Project) },
	"member":                  func() any { return new(proximl.Member) },
	"job_notebook":            func() any { return new(proximl.Job) },
	"job_training":            func() any { return new(proximl.Job) },
	"job_endpoint":            func() any { return new(proximl.Job) },
	"job_inference":           func() any { return new(proximl.Job) },
	"job_worker":              func() any { return new(proximl.JobWorker) },
	"dataset":                 func() any { return new(proximl.Dataset) },
	"dataset_local":           func() any { return new(proximl.Dataset) },
	"model":                   func() any { return new(proximl.Model) },
	"checkpoint":              func() any { return new(proximl.Checkpoint) },
	"volume":                  func() any { return new(proximl.Volume) },
	"credential":              func() any { return new(proximl.Credential) },
	"project_secret":          func() any { return new(proximl.ProjectSecret) },
	"project_datastore":       func() any { return new(proximl.ProjectDatastore) },
	"project_data_connector":  func() any { return new(proximl.ProjectDataConnector) },
	"project_service":         func() any { return new(proximl.ProjectService) },
	"provider":                func() any { return new(proximl.Provider) },
	"region":                  func() any { return new(proximl.Region) },
	"node":                    func() any { return new(proximl.Node) },
	"device":                  func() any { return new(proximl.Device) },
	"device_config":           func() any { return new(proximl.DeviceConfig) },
	"datastore":               func() any { return new(proximl.Datastore) },
	"data_connector":          func() any { return new(proximl.DataConnector) },
	"data_connector_port":     func() any { return new(proximl.DataConnector) },
	"service":                 func() any { return new(proximl.Service) },
	"details":                 func() any { return new(proximl.Details) },
	"gpu_type":                func() any { return new(proximl.GPUType) },
	"environment":             func() any { return new(proximl.Environment) },
	"environment_unversioned": func() any { return new(proximl.Environment) },
}

// recordedEntities are those of testdata/conformance/fixtures.json.
var recordedEntities = map[string]func() any{
	"PROJECT":                entities["project"],
	"MEMBER":                 entities["member"],
	"JOB_NOTEBOOK":           entities["job_notebook"],
	"JOB_TRAINING":           entities["job_training"],
	"JOB_ENDPOINT":           entities["job_endpoint"],
	"DATASET":                entities["dataset"],
	"MODEL":                  entities["model"],
	"CHECKPOINT":             entities["checkpoint"],
	"VOLUME":                 entities["volume"],
	"CREDENTIAL":             entities["credential"],
	"SECRET":                 entities["project_secret"],
	"PROJECT_DATASTORE":      entities["project_datastore"],
	"PROJECT_DATA_CONNECTOR": entities["project_data_connector"],
	"PROJECT_SERVICE":        entities["project_service"],
	"PROVIDER":               entities["provider"],
	"REGION":                 entities["region"],
	"NODE":                   entities["node"],
	"DEVICE":                 entities["device"],
	"DEVICE_CONFIG":          entities["device_config"],
	"DATASTORE":              entities["datastore"],
	"DATA_CONNECTOR":         entities["data_connector"],
	"SERVICE":                entities["service"],
	"GPU_TYPE":               entities["gpu_type"],
	"ENVIRONMENT":            entities["environment"],
}

func TestEveryFixtureHasAnEntity(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "entities", "*.json"))
	require.NoError(t, err)
	for i, file := range files {
		files[i] = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(entities)), files)
}

// What is read is written again, all of it, and nothing is added.
func TestEntitiesKeepWhatTheyRead(t *testing.T) {
	t.Parallel()
	for name, entity := range entities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := fixture(t, name)
			assert.JSONEq(t, text, passThrough(t, text, entity()))
		})
	}
	for name, entity := range recordedEntities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := string(conformance[map[string]jsontext.Value](t, "fixtures")[name])
			assert.JSONEq(t, text, passThrough(t, text, entity()))
		})
	}
}

// What the service was seen to send has a field: a wrong name in JSON would not
// show above, since it is kept among the unknown. These few have none.
func TestEntitiesKnowWhatTheyRead(t *testing.T) {
	t.Parallel()
	unknown := map[string][]string{
		"project_service": {"resource"}, // the older word for the port
		"PROJECT_SERVICE": {"resource"},
		"JOB_NOTEBOOK":    {"vpn", "worker_key_types"}, // of transfers and credentials as they were earlier
	}
	for name, entity := range entities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value := entity()
			require.NoError(t, json.Unmarshal([]byte(fixture(t, name)), value))
			assert.ElementsMatch(t, unknown[name], unknownFields(t, reflect.ValueOf(value)))
		})
	}
	for name, entity := range recordedEntities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value := entity()
			require.NoError(t, json.Unmarshal(conformance[map[string]jsontext.Value](t, "fixtures")[name], value))
			assert.ElementsMatch(t, unknown[name], unknownFields(t, reflect.ValueOf(value)))
		})
	}
}

// unknownFields are what an entity and its parts keep without a field for it.
func unknownFields(t *testing.T, value reflect.Value) (names []string) {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			return unknownFields(t, value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			names = append(names, unknownFields(t, value.Index(i))...)
		}
	case reflect.Struct:
		for field, part := range value.Fields() {
			if !field.IsExported() {
				continue
			}
			extra, ok := reflect.TypeAssert[jsontext.Value](part)
			if !ok {
				names = append(names, unknownFields(t, part)...)
			} else if len(extra) > 0 {
				var fields map[string]any
				require.NoError(t, json.Unmarshal(extra, &fields))
				names = slices.AppendSeq(names, maps.Keys(fields))
			}
		}
	}
	return names
}

// The same of fields and values that this version does not know, at every
// depth.
func TestEntitiesKeepWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	for name, entity := range entities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var value any
			require.NoError(t, json.Unmarshal([]byte(fixture(t, name)), &value))
			text, err := json.Marshal(withUnknown(value))
			require.NoError(t, err)
			require.Contains(t, string(text), "never heard of")
			assert.JSONEq(t, string(text), passThrough(t, string(text), entity()))
		})
	}
}

// withUnknown adds a field to every object and gives each enumeration a value
// that no one has heard of.
func withUnknown(value any) any {
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			value[i] = withUnknown(element)
		}
	case map[string]any:
		for name, field := range value {
			value[name] = withUnknown(field)
			if _, ok := field.(string); ok && slices.Contains([]string{"status", "type", "job", "worker_status", "source_type", "output_type"}, name) {
				value[name] = "never heard of"
			}
		}
		value["a new field"] = map[string]any{"deep": []any{nil, 1.5, "é", false, map[string]any{}}, "never heard of": ""}
	}
	return value
}

// passThrough reads text into an entity and writes it again.
func passThrough(t *testing.T, text string, entity any) string {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), entity))
	written, err := json.Marshal(entity)
	require.NoError(t, err)
	return string(written)
}

// Every struct that the service answers keeps what it does not know, those that
// no fixture holds too.
func TestEveryPartKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, part := range entityTypes() {
		t.Run(part.Name(), func(t *testing.T) {
			t.Parallel()
			const field = `"a new field":{"deep":[null,1.5,"é"]}`
			value := reflect.New(part).Interface()
			require.NoError(t, json.Unmarshal([]byte("{"+field+"}"), value))
			written, err := json.Marshal(value)
			require.NoError(t, err)
			assert.Contains(t, string(written), field)
		})
	}
}

// Whatever the service says of a job: if it can be read, it can be written, and
// what is written says the same.
func FuzzJob(f *testing.F) {
	for _, name := range []string{"job_notebook", "job_training", "job_endpoint", "job_inference"} {
		text, err := os.ReadFile(filepath.Join("testdata", "entities", name+".json"))
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add(`{"id":"x","job_uuid":null,"workers":[{"status":"\ud800"}],"start":0,"endpoint":{"routes":[{}]},"credits":1e308}`)
	f.Fuzz(func(t *testing.T, text string) {
		var job, again proximl.Job
		if json.Unmarshal([]byte(text), &job) != nil {
			return
		}
		written, err := json.Marshal(&job)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(written, &again))
		rewritten, err := json.Marshal(&again)
		require.NoError(t, err)
		require.Equal(t, string(written), string(rewritten))
		require.NotContains(t, fmt.Sprintf("%+v", job), "!(PANIC")
	})
}

// entityTypes are the structs that the services answer, and their parts.
func entityTypes() []reflect.Type {
	found := map[reflect.Type]bool{}
	for _, method := range serviceMethods() {
		for result := range method.Type.Outs() {
			addEntityTypes(found, result)
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b reflect.Type) int { return strings.Compare(a.Name(), b.Name()) })
}

func addEntityTypes(found map[reflect.Type]bool, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		addEntityTypes(found, t.Elem())
	case reflect.Func: // the yield of an iterator, or the iterator
		for parameter := range t.Ins() {
			addEntityTypes(found, parameter)
		}
	case reflect.Struct:
		if !found[t] && t != reflect.TypeFor[proximl.Time]() && hasJSON(t) {
			found[t] = true
			addFieldTypes(found, t)
		}
	}
}

// hasJSON reports whether a struct says how it is written as JSON.
func hasJSON(t reflect.Type) bool {
	for field := range t.Fields() {
		if _, ok := field.Tag.Lookup("json"); ok {
			return true
		}
	}
	return false
}

// addFieldTypes takes the fields of an embedded struct for fields of the one
// that embeds it.
func addFieldTypes(found map[reflect.Type]bool, t reflect.Type) {
	for field := range t.Fields() {
		if field.Anonymous {
			addFieldTypes(found, field.Type)
			continue
		}
		addEntityTypes(found, field.Type)
	}
}
