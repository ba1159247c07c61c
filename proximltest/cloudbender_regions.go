package proximltest

import (
	"cmp"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	providerTypes   = []string{"physical", "gcp", "test"}
	paymentModes    = []string{"credits", "stripe"}
	storageModes    = []string{"", "local", "central"}
	instanceClasses = []string{"", "micro", "small", "medium", "large", "xlarge"}
)

// provider is a place where an account has hardware, its own or a cloud's.
type provider struct {
	CustomerID string `json:"customer_uuid"`
	shared
	providerSpec
	Credits float64 `json:"credits"`
}

type providerSpec struct {
	Type        string              `json:"type"`
	PaymentMode string              `json:"payment_mode"` // Uncertain: that it is credits if left out.
	Credentials *providerCredential `json:"credentials,omitzero"`
}

// providerCredential is what the API shows of a cloud's credentials: nothing secret.
type providerCredential struct {
	Project string `json:"project"`
	ID      string `json:"id"`
}

func (p *provider) specify(_ *Server, c *call) error {
	p.CustomerID = c.caller.CustomerID
	if err := c.decode(&p.providerSpec); err != nil {
		return err
	}
	if err := oneOf("type", p.Type, providerTypes); err != nil {
		return err
	}
	p.PaymentMode = cmp.Or(p.PaymentMode, paymentModes[0])
	return oneOf("payment_mode", p.PaymentMode, paymentModes)
}

// region is a part of a provider whose hardware is close together.
type region struct {
	shared
	ProviderType string `json:"provider_type"`
	regionSpec
}

type regionSpec struct {
	Name    string       `json:"name"`
	Public  bool         `json:"public"`
	Storage *storageSpec `json:"storage,omitzero"`
}

// storageSpec says where a region's data is kept. Uncertain: the keys, since the clients differ about them; both are taken.
type storageSpec struct {
	Mode          string `json:"mode,omitzero"`
	StorageMode   string `json:"storage_mode,omitzero"`
	InstanceClass string `json:"instance_class,omitzero"`
	// Extra keeps what is not known by name.
	Extra jsontext.Value `json:",embed"`
}

func (r *region) specify(s *Server, c *call) error {
	within, _ := s.assets.get(c.pathValue("provider"))
	r.ProviderType = within.Shown.(*provider).Type
	if err := c.decode(&r.regionSpec); err != nil {
		return err
	}
	if r.Name == "" {
		return invalid(msgRequired, "name")
	}
	if r.Storage == nil {
		return nil
	}
	return cmp.Or(
		oneOf("storage mode", r.Storage.Mode, storageModes),
		oneOf("storage_mode", r.Storage.StorageMode, storageModes),
		oneOf("instance_class", r.Storage.InstanceClass, instanceClasses),
	)
}

// stage brings a dataset, model or checkpoint that the caller may read into a region, where jobs start sooner with it.
// Nothing shows what is there. Uncertain: that the answer is the region.
func (s *Server) stage(c *call, a *asset, kind string) (any, error) {
	var wanted struct {
		ProjectID    string `json:"project_uuid"`
		DatasetID    string `json:"dataset_uuid"`
		ModelID      string `json:"model_uuid"`
		CheckpointID string `json:"checkpoint_uuid"`
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	id := map[string]string{kindDataset: wanted.DatasetID, kindModel: wanted.ModelID, kindCheckpoint: wanted.CheckpointID}[kind]
	if id == "" {
		return nil, invalid(msgRequired, kind+"_uuid")
	}
	p, err := s.visible(c.caller, wanted.ProjectID)
	if err != nil {
		return nil, err
	}
	if _, err := s.resolve(c, p, kind, entityRef{ID: id}); err != nil {
		return nil, err
	}
	return a.Shown, nil
}
