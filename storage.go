package proximl

import (
	"cmp"
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"
)

// StorageStatus is the state of a dataset, model, checkpoint or volume. The set
// is open: an unknown one passes through.
type StorageStatus string

// The known statuses.
const (
	StorageStatusNew         StorageStatus = "new"
	StorageStatusDownloading StorageStatus = "downloading" // from its source
	StorageStatusReady       StorageStatus = "ready"
	StorageStatusExporting   StorageStatus = "exporting" // inferred: ready before and after it
	StorageStatusFailed      StorageStatus = "failed"
	StorageStatusRemoving    StorageStatus = "removing"
	StorageStatusRemoved     StorageStatus = "removed"
	StorageStatusArchived    StorageStatus = "archived" // what a 404 stands for
)

// Terminal reports whether the status cannot change any more.
func (s StorageStatus) Terminal() bool {
	return s == StorageStatusFailed || s == StorageStatusRemoved || s == StorageStatusArchived
}

// Storage is what datasets, models, checkpoints and volumes have in common.
type Storage struct {
	Name          string          `json:"name"`
	Status        StorageStatus   `json:"status,omitzero"`
	ProjectID     string          `json:"project_uuid,omitzero"` // public ones have none
	CustomerID    string          `json:"customer_uuid,omitzero"`
	Type          string          `json:"type,omitzero"` // such as evefs
	SourceType    LocationType    `json:"source_type,omitzero"`
	SourceURI     string          `json:"source_uri,omitzero"`
	SourceOptions LocationOptions `json:"source_options,omitzero"`
	OutputType    LocationType    `json:"output_type,omitzero"` // while exporting; uncertain whether the service tells it
	OutputURI     string          `json:"output_uri,omitzero"`
	Size          int64           `json:"size,omitzero"`        // bytes
	UsedSize      int64           `json:"used_size,omitzero"`   // bytes; in place of Size where the service reports it
	BilledSize    int64           `json:"billed_size,omitzero"` // bytes
	Hostname      string          `json:"hostname,omitzero"`    // of the file transfer, while one is wanted
	AuthToken     Secret          `json:"auth_token,omitzero"`  // of the file transfer
	CreatedAt     Time            `json:"createdAt,omitzero"`
	UpdatedAt     Time            `json:"updatedAt,omitzero"`
	Extra         jsontext.Value  `json:",embed"` // fields that this version does not know
}

// Format prints the storage without its unknown fields.
func (s Storage) Format(f fmt.State, verb rune) {
	type plain Storage
	s.Extra = nil
	printed(f, verb, plain(s))
}

// LogValue logs what Format prints.
func (s Storage) LogValue() slog.Value { return logged(s) }

func (s Storage) logState(project string) *logState {
	return &logState{project: cmp.Or(s.ProjectID, project), ended: s.Status.Terminal() || s.Status == StorageStatusReady}
}

// StorageSpec says what to create, of any source type but [LocationProxiML]. An
// empty ProjectID is the active project, an empty Type is evefs.
type StorageSpec struct {
	Name          string           `json:"name"`
	SourceType    LocationType     `json:"source_type,omitzero"`
	SourceURI     string           `json:"source_uri,omitzero"`
	SourceOptions *LocationOptions `json:"source_options,omitzero"`
	ProjectID     string           `json:"project_uuid,omitzero"`
	Type          string           `json:"type,omitzero"`
	Capacity      string           `json:"capacity,omitzero"` // of a volume, which must have one; such as 10G
	Extra         jsontext.Value   `json:",embed"`            // further fields, sent as they are
}

// Format prints the value without its unknown fields.
func (v StorageSpec) Format(s fmt.State, verb rune) {
	type plain StorageSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v StorageSpec) LogValue() slog.Value { return logged(v) }

const defaultStorageType = "evefs"

// filledIn fills in what the spec leaves open, on a copy.
func (s *StorageSpec) filledIn(project, what string) (*StorageSpec, error) {
	if s == nil || s.Name == "" {
		return nil, missingName(what)
	}
	filled := *s
	if filled.ProjectID == "" {
		filled.ProjectID = project
	}
	if filled.Type == "" {
		filled.Type = defaultStorageType
	}
	return &filled, nil
}

// ExportSpec says where to export to. The known output types are [LocationAWS],
// [LocationAzure], [LocationGCP], [LocationLocal] and [LocationWasabi].
type ExportSpec struct {
	OutputType    LocationType    `json:"output_type"`
	OutputURI     string          `json:"output_uri"`
	OutputOptions LocationOptions `json:"output_options"`
	Extra         jsontext.Value  `json:",embed"` // further fields, sent as they are
}

// Format prints the value without its unknown fields.
func (v ExportSpec) Format(s fmt.State, verb rune) {
	type plain ExportSpec
	v.Extra = nil
	printed(s, verb, plain(v))
}

// LogValue logs what Format prints.
func (v ExportSpec) LogValue() slog.Value { return logged(v) }

// Details describes the files of a dataset, model, checkpoint or volume.
//
// Inferred: Contents holds the same for each entry of a directory; only an
// empty one has been seen.
type Details struct {
	Type     string         `json:"type"` // such as directory
	Name     string         `json:"name"`
	Count    string         `json:"count,omitzero"` // of files
	Size     string         `json:"size,omitzero"`  // with a unit: 177M
	UsedSize string         `json:"used_size,omitzero"`
	Contents []*Details     `json:"contents,omitzero"`
	Extra    jsontext.Value `json:",embed"` // fields that this version does not know
}

// Format prints the details without their unknown fields.
func (d Details) Format(s fmt.State, verb rune) {
	type plain Details
	d.Extra = nil
	printed(s, verb, plain(d))
}

// LogValue logs what Format prints.
func (d Details) LogValue() slog.Value { return logged(d) }

type renameRequest struct {
	Name string `json:"name"`
}

// deleteQuery is what every delete of a job, dataset, model, checkpoint or volume
// sends; WithForce changes it.
type deleteQuery struct {
	Force bool `url:"force"`
}

// progress numbers the statuses on the way to ready. An export is not on it,
// but what exports was downloaded before.
func (s StorageStatus) progress() int {
	switch s {
	case StorageStatusNew:
		return 1
	case StorageStatusDownloading, StorageStatusExporting:
		return 2
	case StorageStatusReady:
		return 3
	}
	return 0
}

// judgeStorage says what a status means for a wait.
func judgeStorage(status, wanted StorageStatus) verdict {
	onTheWay := wanted.progress() > 0 && wanted != StorageStatusExporting
	return judge(status, wanted, onTheWay && status.progress() >= wanted.progress())
}
