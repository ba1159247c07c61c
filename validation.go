package proximl

import "strings"

// Problem is one thing that is wrong with a request.
type Problem struct {
	Field   string // as in the JSON: resources.gpu_types
	Message string
}

// ValidationError is a request that can never work; nothing was sent.
type ValidationError struct {
	What     string // what was checked, such as "job spec"
	Problems []Problem
}

// Error lists every problem.
func (e *ValidationError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Field + ": " + p.Message
	}
	return "invalid " + e.What + ": " + strings.Join(texts, "; ")
}

// invalid is a ValidationError with one problem.
func invalid(what, field, message string) error {
	return &ValidationError{What: what, Problems: []Problem{{field, message}}}
}

// missingName is a ValidationError of something without a name.
func missingName(what string) error { return invalid(what, "name", "is missing") }

func (e *ValidationError) add(field, message string) {
	e.Problems = append(e.Problems, Problem{field, message})
}

func (e *ValidationError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// Is reports whether target is [ErrInvalid].
func (e *ValidationError) Is(target error) bool { return target == ErrInvalid }
