package proximl_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"

	"github.com/proximl/proximl-go"
)

func ExampleCredentialsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	project, _ := client.ActiveProject()

	for _, credential := range []*proximl.CredentialSpec{
		proximl.AWSCredential("AKIAIOSFODNN7EXAMPLE", "the secret access key"),
		proximl.HuggingFaceCredential("me", "the access token"),
	} {
		if _, err := client.Credentials.Put(ctx, project, credential); err != nil {
			log.Fatal(err)
		}
	}
	if err := client.Credentials.Remove(ctx, project, proximl.CredentialHuggingFace); err != nil {
		log.Fatal(err)
	}
	credentials, err := client.Credentials.List(ctx, project)
	if err != nil {
		log.Fatal(err)
	}
	for _, credential := range credentials {
		fmt.Println(credential.Type, credential.KeyID) // the secret is never given back
	}
	// Output: aws AKIAIOSFODNN7EXAMPLE
}

// A job gets the secrets that its environment names.
func ExampleSecretsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	project, _ := client.ActiveProject()

	secret, err := client.Secrets.Put(ctx, project, "wandb_key", "the key") // or PutFile
	if err != nil {
		log.Fatal(err)
	}
	job, err := client.Jobs.Create(ctx, &proximl.JobSpec{
		Name: "train", Type: proximl.JobTypeTraining, Workers: []string{"python train.py"},
		Resources:   proximl.JobResources{GPUTypes: []string{"rtx3090"}, GPUCount: new(1)},
		Environment: &proximl.JobEnvironment{Secrets: []string{secret.Name}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Environment.Secrets, "set by", secret.CreatedBy)
	// Output: [wandb_key] set by me
}

func ExampleCheckpointsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	checkpoint, err := client.Checkpoints.Create(ctx, &proximl.CheckpointSpec{Name: "llama", SourceType: "aws", SourceURI: "s3://bucket/llama/"})
	if err != nil {
		log.Fatal(err)
	}
	checkpoint, err = client.Checkpoints.WaitFor(ctx, checkpoint.ID, proximl.StorageStatusReady, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(checkpoint.Name, "is", checkpoint.Status)

	public, err := client.Checkpoints.ListPublic(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(public[0].Name)
	// Output:
	// llama is ready
	// stable-diffusion-v1-5
}

// A volume may begin empty; what a notebook writes to it stays.
func ExampleVolumesAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()

	volume, err := client.Volumes.Create(ctx, &proximl.VolumeSpec{Name: "scratch", Capacity: "10G"})
	if err != nil {
		log.Fatal(err)
	}
	volume, err = client.Volumes.WaitFor(ctx, volume.ID, proximl.StorageStatusReady, often)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(volume.Name, volume.Capacity, volume.Status)
	// Output: scratch 10G ready
}

// ownRegion makes a region of the account's own.
func ownRegion(ctx context.Context, client *proximl.ProxiML) *proximl.Region {
	provider, err := client.CloudBender.Providers.Enable(ctx, &proximl.ProviderSpec{Type: "physical"})
	if err != nil {
		log.Fatal(err)
	}
	region, err := client.CloudBender.Regions.Create(ctx, provider.ID, &proximl.RegionSpec{Name: "basement"})
	if err != nil {
		log.Fatal(err)
	}
	return region
}

// A datastore of the account's own region becomes one of a project.
func ExampleProjectDatastoresAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	project, _ := client.ActiveProject()
	basement := ownRegion(ctx, client)

	nfs := &proximl.DatastoreSpec{Name: "On-prem NFS", Type: "nfs", URI: "192.168.0.50", Root: "/exports"}
	if _, err := client.CloudBender.Datastores.Create(ctx, basement.ProviderID, basement.ID, nfs); err != nil {
		log.Fatal(err)
	}
	if err := client.Datastores.Refresh(ctx, project); err != nil {
		log.Fatal(err)
	}
	datastores, err := client.Datastores.List(ctx, project)
	if err != nil {
		log.Fatal(err)
	}
	for _, datastore := range datastores {
		if err := client.Datastores.Enable(ctx, project, datastore.ID); err != nil {
			log.Fatal(err)
		}
		fmt.Println(datastore.Name, datastore.Type)
	}
	// Output: On-prem NFS nfs
}

// A project stops using a data connector.
func ExampleProjectDataConnectorsAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	project, _ := client.ActiveProject()
	basement := ownRegion(ctx, client)

	cameras := &proximl.DataConnectorSpec{Name: "cameras", Type: "custom", Protocol: "TCP", PortRange: "8000-8099", CIDR: "10.0.3.0/24"}
	connector, err := client.CloudBender.DataConnectors.Create(ctx, basement.ProviderID, basement.ID, cameras)
	if err != nil {
		log.Fatal(err)
	}
	if err := client.DataConnectors.Refresh(ctx, project); err != nil {
		log.Fatal(err)
	}
	if err := client.DataConnectors.Disable(ctx, project, connector.ID); err != nil {
		log.Fatal(err)
	}
	seen, err := client.DataConnectors.Get(ctx, project, connector.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(seen.Name, seen.Type)
	// Output: cameras custom
}

// A program of the project gets a certificate that lets it in to a service.
func ExampleProjectServicesAPI() {
	client, end := inMemory()
	defer end()
	ctx := context.Background()
	project, _ := client.ActiveProject()
	basement := ownRegion(ctx, client)

	app := &proximl.ServiceSpec{Name: "app", Type: "https", Port: "8989"}
	created, err := client.CloudBender.Services.Create(ctx, basement.ProviderID, basement.ID, app)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.CloudBender.Services.GenerateCertificate(ctx, basement.ProviderID, basement.ID, created.ID, proximl.CertificateAlgorithmED25519); err != nil {
		log.Fatal(err)
	}
	if err := client.Services.Refresh(ctx, project); err != nil {
		log.Fatal(err)
	}

	service, err := client.Services.Get(ctx, project, created.ID)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := proximl.NewClientCertificate(ctx, service.ID, "camera-1", "", func(ctx context.Context, csr string) (string, error) {
		return client.Services.SignCertificate(ctx, project, service.ID, csr)
	})
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate.Certificate}, RootCAs: certificate.RootCAs}
	fmt.Println(service.Name, len(config.Certificates), certificate.Certificate.Leaf.Subject.CommonName)
	// Output: app 1 camera-1
}
