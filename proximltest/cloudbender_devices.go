package proximltest

import "strconv"

// device is a machine at the edge that runs one endpoint, as its device config says.
type device struct {
	machine
	ID              string    `json:"device_id"`
	ConfigID        string    `json:"device_config_id,omitzero"`
	JobStatus       string    `json:"job_status,omitzero"` // running or stopped; nothing before the first deployment
	JobLastDeployed timestamp `json:"job_last_deployed,omitzero"`
	// Uncertain: what these two are. Here they tell which device config was deployed, and when that was made, in milliseconds since 1970.
	JobConfigID       string `json:"job_config_id,omitzero"`
	JobConfigRevision string `json:"job_config_revision,omitzero"`
}

func (d *device) specify(_ *Server, c *call) error {
	if err := d.read(c, []string{typeDevice}, []string{serviceCompute}); err != nil {
		return err
	}
	if d.MinionID == "" {
		return invalid(msgRequired, "minion_id")
	}
	return nil
}

// deviceConfig says what devices run.
type deviceConfig struct {
	shared
	ID string `json:"config_id"`
	deviceConfigSpec
}

type deviceConfigSpec struct {
	Name           string   `json:"name"`
	ModelID        string   `json:"model_uuid"`
	ModelProjectID string   `json:"model_project_uuid"` // Inferred: that it is the Personal project if left out.
	Image          string   `json:"image"`
	Command        string   `json:"command"`
	Env            []envVar `json:"env,omitzero"`
}

func (d *deviceConfig) specify(s *Server, c *call) error {
	if err := c.decode(&d.deviceConfigSpec); err != nil {
		return err
	}
	if d.Name == "" || d.ModelID == "" || d.Image == "" || d.Command == "" {
		return invalid(msgRequired, "each of name, model_uuid, image and command")
	}
	p, err := s.visible(c.caller, d.ModelProjectID)
	if err != nil {
		return err
	}
	model, err := s.resolve(c, p, kindModel, entityRef{ID: d.ModelID})
	if err != nil {
		return err
	}
	d.ModelID, d.ModelProjectID = model.ID, p.ID
	return nil
}

// setDeviceConfig sets which config a device is to run from its next deployment on; null means none.
func (s *Server) setDeviceConfig(c *call, a *asset) (any, error) {
	d := a.Shown.(*device)
	wanted := struct {
		ConfigID *string `json:"device_config_id"`
	}{new(d.ConfigID)}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if wanted.ConfigID == nil || *wanted.ConfigID == "" {
		d.ConfigID = ""
		return d, nil
	}
	if _, err := s.child(c.caller, a.Parent, kindDeviceConfig, *wanted.ConfigID); err != nil {
		return nil, err
	}
	d.ConfigID = *wanted.ConfigID
	return d, nil
}

// deployToDevice makes a device run its config. Uncertain: that it does so at once.
func (s *Server) deployToDevice(c *call, a *asset) (any, error) {
	d := a.Shown.(*device)
	config, err := s.child(c.caller, a.Parent, kindDeviceConfig, d.ConfigID)
	if err != nil {
		return nil, invalid(msgNoConfig)
	}
	d.JobStatus, d.JobLastDeployed = statusRunning, s.now
	d.JobConfigID, d.JobConfigRevision = config.ID, strconv.FormatInt(int64(config.Shown.common().CreatedAt), 10)
	return d, nil
}

// stopDevice stops what a device runs; one that runs nothing stays as it is, since clients repeat the call.
func (s *Server) stopDevice(_ *call, a *asset) (any, error) {
	d := a.Shown.(*device)
	if d.JobStatus == statusRunning {
		d.JobStatus = statusStopped
	}
	return d, nil
}
