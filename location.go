package proximl

import (
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json/jsontext"
)

// LocationType says what kind of place data comes from or goes to: of the source
// of a dataset, of the input or output of a job. Not every kind can be each of
// these. Unknown ones pass through.
type LocationType string

// The known types. Those of other providers need a credential of the project,
// which [CredentialsAPI.Put] sets.
const (
	LocationAWS      LocationType = "aws"      // a bucket of S3: s3://bucket/path
	LocationAzure    LocationType = "azure"    // Azure Blob Storage
	LocationGCP      LocationType = "gcp"      // Google Cloud Storage: gs://bucket/path
	LocationGit      LocationType = "git"      // a repository, by SSH or HTTPS
	LocationKaggle   LocationType = "kaggle"   // a competition, dataset or kernel, by its slug
	LocationLocal    LocationType = "local"    // the user's machine: see ConnectOptions
	LocationProxiML  LocationType = "proximl"  // the service itself: as a source the id of a model, as an output model, dataset, checkpoint or, uncertain, volume
	LocationRegional LocationType = "regional" // a datastore of the project's region; uncertain where it can be used
	LocationWasabi   LocationType = "wasabi"   // a bucket of Wasabi
	LocationWeb      LocationType = "web"      // a URL of http, https or ftp
)

// LocationOptions are further facts of where data comes from or goes to.
type LocationOptions struct {
	Archive     *bool          `json:"archive,omitzero"`      // output as one zip
	SaveModel   *bool          `json:"save_model,omitzero"`   // save the model folder, too
	EndpointURL string         `json:"endpoint_url,omitzero"` // of a service that is compatible with S3
	Path        string         `json:"path,omitzero"`         // in a regional datastore
	Type        string         `json:"type,omitzero"`         // of a Kaggle source: competition, dataset or kernel
	Extra       jsontext.Value `json:",embed"`                // further options
}

// Format prints the options without their unknown fields.
func (o LocationOptions) Format(s fmt.State, verb rune) {
	type plain LocationOptions
	o.Extra = nil
	printed(s, verb, plain(o))
}

// LogValue logs what Format prints.
func (o LocationOptions) LogValue() slog.Value { return logged(o) }
