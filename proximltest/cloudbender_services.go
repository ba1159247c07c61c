package proximltest

const hostDomain = ".proximl.cloud"

var serviceTypes = []string{"https", "tcp", "udp"}

// service is a way from the internet, or from jobs, to something in a region.
type service struct {
	shared
	ID          string `json:"service_id"`
	Hostname    string `json:"hostname"`
	Certificate string `json:"auth_cert,omitzero"` // of the authority that signs its clients' certificates, as PEM; uncertain
	serviceSpec
}

type serviceSpec struct {
	Type           string `json:"type"`
	Name           string `json:"name"`
	Public         bool   `json:"public"`
	Port           string `json:"port,omitzero"`
	CustomHostname string `json:"custom_hostname,omitzero"`
}

func (v *service) specify(_ *Server, c *call) error {
	v.Hostname = v.ID + hostDomain
	if err := c.decode(&v.serviceSpec); err != nil {
		return err
	}
	return checkNameAndType(v.Name, v.Type, serviceTypes)
}

// generateCertificate gives a service a certificate authority of its own, in place of any that it had.
func (s *Server) generateCertificate(c *call, a *asset) (any, error) {
	wanted := struct {
		Algorithm string `json:"algorithm"`
	}{defaultKey}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	made, err := newAuthority(a.ID, wanted.Algorithm)
	if err != nil {
		return nil, err
	}
	v := a.Shown.(*service)
	a.Authority, v.Certificate = made, made.text()
	return v, nil
}

// signForService signs a client's certificate request and answers with the certificate, as PEM in a bare string.
// Uncertain: an object with it is the other form that was seen.
func (s *Server) signForService(c *call, a *asset) (any, error) {
	var wanted struct {
		CSR string `json:"csr"`
	}
	if err := c.decode(&wanted); err != nil {
		return nil, err
	}
	if a.Authority == nil {
		return nil, invalid(msgNoCertificate)
	}
	return a.Authority.sign(wanted.CSR, a.ID)
}
