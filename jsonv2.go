//go:build goexperiment.jsonv2 && !go1.27

package proximl

// With GOEXPERIMENT=jsonv2, Go 1.26 puts its own encoding/json/v2 in the place
// of github.com/go-json-experiment/json. That version does not know the option
// "embed": unknown fields would vanish without a word. Build without the
// experiment, or with Go 1.27.
var _ = proximl_cannot_be_built_with_GOEXPERIMENT_jsonv2_before_Go_1_27
