package main

import (
	"strings"
	"testing"
)

func TestLocalTraining(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"uploaded the data\n",
		": epoch 60: loss 0.3028\n",
		": done: 2400 rows to train, 600 to test\n",
		"accuracy 0.8500, weights 0.32",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the output:\n%s", want, out.String())
		}
	}
	if err := run(t.Context(), []string{"-lvie"}, &out); err == nil || !strings.Contains(err.Error(), "there is only the flag -live") {
		t.Errorf("got %v", err)
	}
}
