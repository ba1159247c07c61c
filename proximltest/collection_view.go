package proximltest

import (
	"fmt"
	"strconv"
)

// collectionView is a dataset, model, checkpoint or volume as the API shows it; which key holds the id depends on the kind.
type collectionView struct {
	CustomerID   string    `json:"customer_uuid,omitzero"`
	ProjectID    string    `json:"project_uuid,omitzero"`
	ID           string    `json:"id,omitzero"`
	DatasetID    string    `json:"dataset_uuid,omitzero"`
	ModelID      string    `json:"model_uuid,omitzero"`
	CheckpointID string    `json:"checkpoint_uuid,omitzero"`
	Name         string    `json:"name"`
	Status       string    `json:"status"`
	Type         string    `json:"type"`
	Size         int64     `json:"size,omitzero"` // bytes
	UsedSize     int64     `json:"used_size,omitzero"`
	BilledSize   int64     `json:"billed_size,omitzero"`
	Hostname     string    `json:"hostname,omitzero"`   // while files of the user's own machine are waited for
	Token        string    `json:"auth_token,omitzero"` // for it
	CreatedAt    timestamp `json:"createdAt"`
	collectionSource
	exportSpec
}

func (s *Server) viewCollection(e *collection) collectionView {
	view := collectionView{
		ProjectID: e.ProjectID,
		Name:      e.Name, Status: e.Status, Type: e.Type,
		Size: e.Size, UsedSize: e.Size, BilledSize: e.Size,
		CreatedAt:        e.CreatedAt,
		collectionSource: e.collectionSource,
		exportSpec:       e.exportSpec,
	}
	view.Hostname, view.Token = s.door(e.Transfer)
	if s.settings.noOutputType {
		view.OutputType = ""
	}
	if !e.Public {
		view.CustomerID = s.payer(e.ProjectID).CustomerID
	}
	switch e.Kind {
	case kindDataset:
		view.DatasetID = e.ID
	case kindModel:
		view.ModelID = e.ID
	case kindCheckpoint:
		view.CheckpointID = e.ID
	default:
		view.ID, view.Size = e.ID, 0 // a volume has a capacity instead
	}
	return view
}

// detailsView describes the files of an entity. The count is a string and the size is for people: so seen in the clients' tests.
type detailsView struct {
	Type     string     `json:"type"`
	Name     string     `json:"name"`
	Count    string     `json:"count"`
	Size     string     `json:"size,omitzero"`
	UsedSize string     `json:"used_size,omitzero"` // of a volume, in place of size
	Contents []struct{} `json:"contents"`
}

func (s *Server) collectionDetails(c *call, kind string) (any, error) {
	e, err := s.readable(c, kind)
	if err != nil {
		return nil, err
	}
	view := detailsView{Type: "directory", Name: "/", Count: strconv.Itoa(e.Files)}
	if collectionKinds[kind].hasCapacity {
		view.UsedSize = humanSize(e.Size)
	} else {
		view.Size = humanSize(e.Size)
	}
	return view, nil
}

// humanSize writes bytes as du -h does, rounded up: 184549376 is "176M".
func humanSize(bytes int64) string {
	units := "BKMGT"
	whole, unit := bytes, 0
	for whole >= 1024 && unit < len(units)-1 {
		whole = (whole + 1023) / 1024
		unit++
	}
	return fmt.Sprintf("%d%c", whole, units[unit])
}
