package proximl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	defaultSweepConcurrency = 4
	maxSweepJobs            = 10_000
)

// Sweep is one spec times a grid of commands and environment variables: a job
// for each combination.
type Sweep struct {
	Spec        JobSpec
	Env         []SweepVariable // added to the spec's variables, or in their place
	Commands    []string        // each the one worker of its jobs; none leaves the spec's workers
	Concurrency int             // creates under way at once; 4 by default
}

// SweepVariable is an environment variable with the values that it takes.
type SweepVariable struct {
	Key    string
	Values []string
}

// Specs returns the specs of the sweep's jobs, of which there are up to 10,000:
// all combinations in order, of which the commands change slowest and the last
// variable fastest. Their names are that of the spec and a number: resnet-01 to
// resnet-12.
func (s *Sweep) Specs() ([]*JobSpec, error) {
	if s == nil {
		return nil, missingName("sweep")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	specs := []*JobSpec{&s.Spec}
	if len(s.Commands) > 0 {
		specs = vary(specs, s.Commands, func(spec *JobSpec, command string) { spec.Workers = []string{command} })
	}
	for _, variable := range s.Env {
		specs = vary(specs, variable.Values, func(spec *JobSpec, value string) {
			spec.Environment = spec.Environment.with(variable.Key, value)
		})
	}
	digits := len(fmt.Sprint(len(specs)))
	for i, spec := range specs {
		named := *spec
		named.Name = fmt.Sprintf("%s-%0*d", spec.Name, digits, i+1)
		specs[i] = &named
	}
	return specs, nil
}

func (s *Sweep) check() error {
	problems, seen := s.Spec.impossible(), map[string]bool{}
	problems.What = "sweep"
	jobs := big.NewInt(int64(max(len(s.Commands), 1)))
	for i, command := range s.Commands {
		if command == "" {
			problems.add(fmt.Sprintf("commands[%d]", i), "is empty")
		}
	}
	for i, variable := range s.Env {
		field := fmt.Sprintf("env[%d]", i)
		switch {
		case variable.Key == "":
			problems.add(field+".key", "is missing")
		case seen[variable.Key]:
			problems.add(field+".key", variable.Key+" is there twice")
		case len(variable.Values) == 0:
			problems.add(field+".values", variable.Key+" has none")
		}
		seen[variable.Key] = true
		jobs.Mul(jobs, big.NewInt(int64(len(variable.Values))))
	}
	if jobs.Cmp(big.NewInt(maxSweepJobs)) > 0 {
		problems.add("env", fmt.Sprintf("this would be %v jobs; a sweep has at most %d", jobs, maxSweepJobs))
	}
	if s.Concurrency < 0 {
		problems.add("concurrency", "is negative")
	}
	return problems.orNil()
}

// vary makes a copy of each spec for each value.
func vary(specs []*JobSpec, values []string, apply func(*JobSpec, string)) []*JobSpec {
	var varied []*JobSpec
	for _, spec := range specs {
		for _, value := range values {
			variant := *spec
			apply(&variant, value)
			varied = append(varied, &variant)
		}
	}
	return varied
}

// with returns a copy of an environment in which a variable has a value.
func (e *JobEnvironment) with(key, value string) *JobEnvironment {
	changed := JobEnvironment{}
	if e != nil {
		changed = *e
	}
	changed.Env = slices.DeleteFunc(slices.Clone(changed.Env), func(env EnvVar) bool { return env.Key == key })
	changed.Env = append(changed.Env, EnvVar{Key: key, Value: value})
	return &changed
}

// SweepError is a sweep of which not all jobs were created.
type SweepError struct {
	Created    []*Job   // in the order of the specs
	Unknown    []string // names of the jobs that may have been created: look for them
	NotCreated []string // names of the jobs that were not
	Err        error    // why, the first in the order of the specs
}

// Error says how many jobs there are, and names the others.
func (e *SweepError) Error() string {
	text := fmt.Sprintf("sweep: %d of %d jobs created", len(e.Created), len(e.Created)+len(e.Unknown)+len(e.NotCreated))
	if len(e.Unknown) > 0 {
		text += "; may have been created: " + names(e.Unknown)
	}
	if len(e.NotCreated) > 0 {
		text += "; not created: " + names(e.NotCreated)
	}
	return text + ": " + e.Err.Error()
}

// names lists the first of many.
func names(all []string) string {
	const most = 10
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

// Is reports whether target is [ErrOutcomeUnknown] and there are jobs of unknown
// outcome.
func (e *SweepError) Is(target error) bool {
	return target == ErrOutcomeUnknown && len(e.Unknown) > 0
}

// Unwrap returns why the sweep stopped.
func (e *SweepError) Unwrap() error { return e.Err }

// Sweep creates the jobs of a sweep, several at a time, and returns them in the
// order of its Specs. The first failure stops the rest: what is under way ends,
// nothing more begins, and the error is a *[SweepError] that tells what was
// created and what may have been. CaptureResponse has no effect. Jobs with local
// files each want a Connect.
//
// POST /job
func (a *JobsAPI) Sweep(ctx context.Context, sweep *Sweep, opts ...RequestOption) ([]*Job, error) {
	specs, err := sweep.Specs()
	if err != nil {
		return nil, err
	}
	jobs, errs := make([]*Job, len(specs)), make([]error, len(specs))
	opts = append(slices.Clip(opts), uncaptured)
	var next atomic.Int64
	var failed atomic.Bool
	var creators sync.WaitGroup
	for range min(cmp.Or(sweep.Concurrency, defaultSweepConcurrency), len(specs)) {
		creators.Go(func() {
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(specs) {
					return
				}
				if jobs[i], errs[i] = a.Create(ctx, specs[i], opts...); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	creators.Wait()
	return swept(specs, jobs, errs)
}

// uncaptured takes CaptureResponse away from calls that are made at once.
func uncaptured(r *request) error {
	r.capture = nil
	return nil
}

// swept sorts the results of a sweep.
func swept(specs []*JobSpec, jobs []*Job, errs []error) ([]*Job, error) {
	failed := &SweepError{}
	for i, spec := range specs {
		switch {
		case jobs[i] != nil:
			failed.Created = append(failed.Created, jobs[i])
		case errors.Is(errs[i], ErrOutcomeUnknown):
			failed.Unknown = append(failed.Unknown, spec.Name)
		default:
			failed.NotCreated = append(failed.NotCreated, spec.Name)
		}
		failed.Err = cmp.Or(failed.Err, errs[i])
	}
	if failed.Err == nil {
		return jobs, nil
	}
	return failed.Created, failed
}
