package proximltest

import (
	"errors"
	"fmt"
	"time"
)

// LogLine is a line of a script. Its text needs no line end.
type LogLine struct {
	After time.Duration // since the status began
	Text  string
}

// WithLogScript lets a function say what jobs, datasets, models, checkpoints and volumes log. It is asked once for each worker of a job,
// numbered from 1 on, when the job begins to run, and for worker 0, which moves data, when a download begins. Lines that would come
// after that status is over are not logged. Lines of one worker at one time, and equal ones too, come in the order of the script.
// With a Runner, the workers of training and inference jobs log what the runner says. The server is locked meanwhile: the function must
// not call it.
func WithLogScript(script func(e Entity, worker int) []LogLine) Option {
	return func(set *settings) error {
		if script == nil {
			return errors.New("WithLogScript: the function is nil")
		}
		set.logScript = script
		return nil
	}
}

// WithLogLimit sets how many bytes of log are kept of each job, dataset, model, checkpoint and volume; without it that is 64 MiB.
// The oldest lines make room. A log socket that has not sent a line when it has to make room is closed with status 1013.
func WithLogLimit(bytes int64) Option {
	return func(set *settings) error {
		if bytes <= 0 {
			return fmt.Errorf("WithLogLimit(%d): the limit must be above 0", bytes)
		}
		set.logLimit = bytes
		return nil
	}
}

// WithLogOverlap makes every live subscription of a log begin with the last lines of the history, as if they had come in just then.
func WithLogOverlap(lines int) Option {
	return func(set *settings) error {
		if lines < 0 {
			return fmt.Errorf("WithLogOverlap(%d): the number of lines must be 0 or more", lines)
		}
		set.logOverlap = int64(lines)
		return nil
	}
}

// WithHistoryDelay makes the service take its time for the history of a log: it is of when it was asked for and begins that much later.
func WithHistoryDelay(delay time.Duration) Option {
	return func(set *settings) error {
		if delay < 0 {
			return fmt.Errorf("WithHistoryDelay(%v): the delay must be 0 or more", delay)
		}
		set.historyDelay = delay
		return nil
	}
}

const (
	defaultLogLimit = 64 << 20
	scriptedSteps   = 10 // of the default script, one each scriptedPace
	scriptedPace    = 5 * time.Second
)

// defaultLogScript says that a worker makes steps, and that data moves.
func defaultLogScript(_ Entity, worker int) []LogLine {
	if worker == 0 {
		return []LogLine{{0, "Downloading"}}
	}
	var lines []LogLine
	for step := range scriptedSteps {
		text := fmt.Sprintf("Worker %d: step %d of %d", worker, step+1, scriptedSteps)
		lines = append(lines, LogLine{time.Duration(step) * scriptedPace, text})
	}
	return lines
}

// script plans what a worker logs from now on.
func (s *Server) script(l *entityLog, e Entity, worker int, stream string) {
	l.plan(convert(s.settings.logScript(e, worker), func(line LogLine) logLine {
		return logLine{s.now.add(line.After), stream, line.Text}
	}))
}
