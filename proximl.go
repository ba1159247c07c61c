// Package proximl is a client of proxiML, a GPU cloud for training and serving
// models.
//
//	client, err := proximl.New() // from the environment and ~/.proximl
//	if err != nil {
//		return err
//	}
//	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
//		Name:      "resnet",
//		Type:      proximl.JobTypeTraining,
//		Resources: proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
//		Workers:   []string{"python train.py"},
//	})
//	if err != nil {
//		return err
//	}
//	job, err = client.Jobs.WaitFor(ctx, job.ID, proximl.JobStatusFinished)
//
// The services are the fields of [ProxiML], and their methods are the calls:
// [JobsAPI], [DatasetsAPI], [ProjectsAPI] and so on. [ProxiML.InProject] works
// in another project, [ProxiML.Do] calls an endpoint that has no method.
//
// # Settings
//
// An API key is made on the account settings page of proxiML, as a file for
// ~/.proximl/credentials.json. [New] sends nothing; the first call logs in.
//
// Each setting comes from an option, an environment variable, a file of the
// configuration folder, or a default; the first that has it wins. The folder is
// ~/.proximl, or what PROXIML_CONFIG_DIR says.
//
//	setting        option             environment            file
//	API key        WithCredentials    PROXIML_USER and _KEY  credentials.json: user, key
//	active project WithProject        PROXIML_PROJECT        config.json: project
//	endpoint       WithEndpoint       PROXIML_ENDPOINT
//	domain         WithDomainSuffix   PROXIML_DOMAIN_SUFFIX  environment.json: domain_suffix
//	API host       WithAPIHost        PROXIML_API_URL        environment.json: api_url
//	websocket host WithWebsocketHost  PROXIML_WS_URL         environment.json: ws_url
//	user pool      WithUserPool       PROXIML_REGION,        environment.json: region,
//	                                  _POOL_ID, _CLIENT_ID   pool_id, client_id
//	folder         WithConfigDir      PROXIML_CONFIG_DIR
//
// A project is always given by its id. Without an active project the service
// works in the account's Personal project.
//
// # Values
//
// In requests, required fields are plain and optional ones are pointers: new(3)
// sets one. Of slices and maps, nil leaves alone and empty clears. In
// responses, all is plain. Statuses and types are open: an unknown one passes
// through. Unknown fields are kept in Extra and survive encoding with
// github.com/go-json-experiment/json.
//
// # Time
//
// A job outlives the program that created it, and costs until it ends or
// [JobsAPI.Stop] stops it. The WaitFor methods wait for a status. The Logs
// methods follow a log, from its first line as long as the job runs. The
// Connect methods serve a job or dataset with files of this machine, until it
// has them or has given back its own. None of these has a timeout: ctx ends them.
//
// # Errors
//
// Errors answer [errors.Is] with a sentinel where there is one, such as
// [ErrNotFound], and [errors.As] with their detail, such as *[APIError].
//
// What can be repeated without harm is repeated, as [RetryPolicy] says. What
// could create something twice is not: after [ErrOutcomeUnknown], look for it
// before you create it again, since a second job costs a second time.
//
// # Tests
//
// Package proximltest has an in-memory service to test programs against.
package proximl

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"github.com/proximl/proximl-go/internal/settings"
)

// Version is the version of the SDK, as its User-Agent names it.
const Version = "0.1.0"

// ProxiML is a client. It is immutable and safe for concurrent use; one is
// enough for a program.
type ProxiML struct {
	Projects       *ProjectsAPI
	Members        *MembersAPI
	Credentials    *CredentialsAPI
	Secrets        *SecretsAPI
	Datastores     *ProjectDatastoresAPI
	DataConnectors *ProjectDataConnectorsAPI
	Services       *ProjectServicesAPI
	Jobs           *JobsAPI
	Datasets       *DatasetsAPI
	Models         *ModelsAPI
	Checkpoints    *CheckpointsAPI
	Volumes        *VolumesAPI
	GPUTypes       *GPUTypesAPI
	Environments   *EnvironmentsAPI
	CloudBender    *CloudBenderAPI

	api       *url.URL
	websocket *url.URL
	project   settings.Value
	config    *config
	sender    *sender
	tokens    TokenSource
	paths     *projectPaths
}

// service is what the services share.
type service struct{ client *ProxiML }

// New makes a client. It reads the environment and the configuration files,
// does no network I/O and starts no goroutine. It fails when an option is
// wrong, a file cannot be used, or credentials are missing ([ErrNoCredentials]).
func New(opts ...Option) (*ProxiML, error) {
	o := defaultOptions()
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("proximl: option %d is nil", i+1)
		}
		if err := opt(o); err != nil {
			return nil, fmt.Errorf("proximl: %w", err)
		}
	}
	config, err := loadConfig(o.values, o.logger)
	if err != nil {
		return nil, err
	}
	c := &ProxiML{config: config, project: config.Get(settingProject), tokens: o.tokenSource, sender: newSender(o), paths: &projectPaths{}}
	if c.api, err = config.baseURL(settingAPIHost, "api."); err != nil {
		return nil, err
	}
	if c.websocket, err = config.baseURL(settingWebsocketHost, "api-ws."); err != nil {
		return nil, err
	}
	if c.tokens == nil {
		if c.tokens, err = newLogin(o, config, c.sender); err != nil {
			return nil, err
		}
	}
	c.addServices()
	return c, nil
}

func (c *ProxiML) addServices() {
	common := &service{client: c}
	c.Projects = (*ProjectsAPI)(common)
	c.Members = (*MembersAPI)(common)
	c.Credentials = (*CredentialsAPI)(common)
	c.Secrets = (*SecretsAPI)(common)
	c.Datastores = (*ProjectDatastoresAPI)(common)
	c.DataConnectors = (*ProjectDataConnectorsAPI)(common)
	c.Services = (*ProjectServicesAPI)(common)
	c.Jobs = (*JobsAPI)(common)
	c.Datasets = (*DatasetsAPI)(common)
	c.Models = (*ModelsAPI)(common)
	c.Checkpoints = (*CheckpointsAPI)(common)
	c.Volumes = (*VolumesAPI)(common)
	c.GPUTypes = (*GPUTypesAPI)(common)
	c.Environments = (*EnvironmentsAPI)(common)
	c.CloudBender = newCloudBender(common)
}

// InProject returns a client whose active project is another, with the same
// connections and tokens. An empty id means none.
func (c *ProxiML) InProject(id string) *ProxiML {
	other := *c
	other.project = settings.Value{Text: id, Source: "InProject", Strength: settings.FromOption}
	other.addServices()
	return &other
}

// ActiveProject returns the id of the active project, empty when there is
// none, and where it came from: an environment variable, the path of a file.
func (c *ProxiML) ActiveProject() (id, source string) { return c.project.Text, c.project.Source }

// SaveActiveProject makes a project the active one of programs that start from
// now on: it writes the id to config.json in the configuration folder, which is
// made when it does not exist. An empty id takes the setting away. This client
// stays as it is. Readers never see half a file, and what else the file holds
// is kept.
func (c *ProxiML) SaveActiveProject(ctx context.Context, id string) error {
	return c.config.saveActiveProject(ctx, id)
}

// CloseIdleConnections closes the connections that no call uses at the moment.
func (c *ProxiML) CloseIdleConnections() { c.sender.plain.CloseIdleConnections() }

// Format prints the client without its secrets.
func (c *ProxiML) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "proximl.ProxiML("+c.api.Redacted()+")")
}

// LogValue logs the client without its secrets.
func (c *ProxiML) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// needProject returns the id of the active project, or [ErrNoProject].
func (c *ProxiML) needProject() (string, error) {
	if c.project.Text == "" {
		return "", fmt.Errorf("%w: give its id by WithProject or InProject, PROXIML_PROJECT, or SaveActiveProject; Projects.List lists the ids, also that of Personal", ErrNoProject)
	}
	return c.project.Text, nil
}
