package proximl_test

import (
	"context"
	"errors"
	"iter"

	"github.com/proximl/proximl-go"
)

// entityKind is a kind of entity, and what programs do with all kinds alike.
type entityKind struct {
	name   string // as in the paths
	create func(ctx context.Context, client *proximl.ProxiML, name string) (id string, err error)
	get    func(ctx context.Context, client *proximl.ProxiML, id string) (got string, err error)
	remove func(ctx context.Context, client *proximl.ProxiML, id string) error
	// list returns ids by name; each yields the ids one by one, or is left at once
	// when there is nobody to tell.
	list func(ctx context.Context, client *proximl.ProxiML) (map[string][]string, error)
	each func(ctx context.Context, client *proximl.ProxiML, tell func(id string)) error
}

// entityKinds are made with the least that they need.
var entityKinds = []entityKind{
	newKind("project", func(c *proximl.ProxiML) api[proximl.Project] { return c.Projects },
		func(e *proximl.Project) (id, name string) { return e.ID, e.Name },
		func(ctx context.Context, c *proximl.ProxiML, name string) (*proximl.Project, error) {
			return c.Projects.Create(ctx, &proximl.ProjectSpec{Name: name})
		}),
	newKind("job", func(c *proximl.ProxiML) api[proximl.Job] { return c.Jobs },
		func(e *proximl.Job) (id, name string) { return e.ID, e.Name },
		func(ctx context.Context, c *proximl.ProxiML, name string) (*proximl.Job, error) {
			spec := smallSpec()
			spec.Name = name
			return c.Jobs.Create(ctx, spec)
		}),
	newKind("dataset", func(c *proximl.ProxiML) api[proximl.Dataset] { return c.Datasets },
		func(e *proximl.Dataset) (id, name string) { return e.ID, e.Name },
		func(ctx context.Context, c *proximl.ProxiML, name string) (*proximl.Dataset, error) {
			return c.Datasets.Create(ctx, &proximl.DatasetSpec{Name: name, SourceType: "aws", SourceURI: "s3://b/k"})
		}),
	newKind("model", func(c *proximl.ProxiML) api[proximl.Model] { return c.Models },
		func(e *proximl.Model) (id, name string) { return e.ID, e.Name },
		func(ctx context.Context, c *proximl.ProxiML, name string) (*proximl.Model, error) {
			return c.Models.Create(ctx, &proximl.ModelSpec{Name: name, SourceType: "aws", SourceURI: "s3://b/k"})
		}),
}

// api is what the services of all kinds have.
type api[T any] interface {
	List(ctx context.Context, opts ...proximl.RequestOption) ([]*T, error)
	All(ctx context.Context, opts ...proximl.RequestOption) iter.Seq2[*T, error]
	Get(ctx context.Context, id string, opts ...proximl.RequestOption) (*T, error)
	Delete(ctx context.Context, id string, opts ...proximl.RequestOption) error
}

func newKind[T any](name string, service func(*proximl.ProxiML) api[T], key func(*T) (id, name string), create func(context.Context, *proximl.ProxiML, string) (*T, error)) entityKind {
	idOf := func(entity *T, err error) (string, error) {
		if err != nil {
			return "", err
		}
		id, _ := key(entity)
		return id, nil
	}
	return entityKind{
		name: name,
		create: func(ctx context.Context, c *proximl.ProxiML, name string) (string, error) {
			return idOf(create(ctx, c, name))
		},
		get: func(ctx context.Context, c *proximl.ProxiML, id string) (string, error) {
			return idOf(service(c).Get(ctx, id))
		},
		remove: func(ctx context.Context, c *proximl.ProxiML, id string) error {
			return service(c).Delete(ctx, id, proximl.WithForce()) // it may not be at rest
		},
		list: func(ctx context.Context, c *proximl.ProxiML) (map[string][]string, error) {
			entities, err := service(c).List(ctx)
			ids := map[string][]string{}
			for _, entity := range entities {
				id, name := key(entity)
				ids[name] = append(ids[name], id)
			}
			return ids, err
		},
		each: func(ctx context.Context, c *proximl.ProxiML, tell func(string)) error {
			var last error
			for entity, err := range service(c).All(ctx) {
				if last = errors.Join(last, err); err != nil {
					continue
				}
				if tell == nil {
					break
				}
				id, _ := key(entity)
				tell(id)
			}
			return last
		},
	}
}
