package proximltest

import (
	"context"
	"errors"
	"io/fs"
)

// Runner carries out what the workers of training and inference jobs do. Without one they only seem to run, for the usual time or
// what a Script says, and log what WithLogScript says. Notebooks and endpoints have no end of their own, and always only seem to run.
type Runner interface {
	// Run carries out one worker of a job that begins to run, and returns when it has ended. An error makes the worker and, once
	// all its workers have ended, the job failed; its text becomes the last line of the worker's log. Each call has a goroutine of
	// its own. ctx is done when the job is stopped or removed or the service closed, which waits for Run to return. What is logged
	// and returned after that does not count.
	Run(ctx context.Context, w *Worker) error
}

// WithRunner lets r carry out the workers of training and inference jobs.
func WithRunner(r Runner) Option {
	return func(set *settings) error {
		if r == nil {
			return errors.New("WithRunner: the runner is nil")
		}
		set.runner = r
		return nil
	}
}

// Worker is one worker of a job, as its Runner sees it. Its methods can be called side by side.
type Worker struct {
	Job     Entity
	ID      string
	Number  int // from 1 on
	Command string
	Env     []string // the job's environment variables, as NAME=value

	srv     *Server
	job     *job
	run     *run
	ctx     context.Context
	to      transferSpec // of which the output counts
	sources []fileSource
}

// Log adds a line to the log, of the worker's stream, at the service's time. Its text needs no line end.
func (w *Worker) Log(text string) {
	s := w.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if w.job.run == w.run {
		w.job.Log.add(logLine{s.now, w.ID, text}, s.settings.logLimit)
		s.agenda.changed.give()
	}
}

// SavesModel tells whether the job's output is a model of the service: then the output folder is the model folder.
func (w *Worker) SavesModel() bool {
	return isOwnPlatform(w.to.OutputType) && w.to.OutputURI == kindModel
}

// SetOutput keeps the files of a folder as the worker's output: for the download if the output is local, and as the new dataset, model,
// checkpoint or volume if it becomes one. Files, folders and symbolic links are kept. It does nothing if the job has no output.
func (w *Worker) SetOutput(files fs.FS) error {
	if w.to.OutputType == "" {
		return nil
	}
	kept, err := w.srv.store.archive(w.ctx, files)
	if err != nil {
		return err
	}
	s := w.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.job.run != w.run {
		kept.file.remove()
		return context.Cause(w.ctx)
	}
	s.keep(w.ID, kept)
	return nil
}

// run is a job's workers being carried out.
type run struct {
	ctx    context.Context
	cancel context.CancelFunc
	left   int // workers that have not ended
}

// keepUp makes things happen when they are due although nobody looks: without it a runner would begin when somebody does.
func (s *Server) keepUp() {
	done, _ := s.tasks.begin()
	go func() {
		defer done()
		for waiting := true; waiting; {
			s.mu.Lock()
			s.catchUp()
			next := turn{at: s.agenda.earliest(), changed: s.agenda.changed.wait()}
			s.mu.Unlock()
			waiting = next.wait(s.tasks.ctx, s.clock)
		}
	}()
}

// beginRun lets the workers of a job run, or seem to.
func (s *Server) beginRun(j *job) {
	if s.settings.runner == nil || j.runsUntilStopped() {
		for i, w := range j.Workers {
			s.script(&j.Log, j.entity(), i+1, w.ID)
		}
		return
	}
	j.run = &run{}
	j.run.ctx, j.run.cancel = context.WithCancel(s.tasks.ctx)
	for i, w := range j.Workers {
		if w.Status == statusRunning {
			s.startWorker(j, i)
		}
	}
}

func (s *Server) startWorker(j *job, index int) {
	done, open := s.tasks.begin()
	if !open {
		return
	}
	r, w := j.run, j.Workers[index]
	task := &Worker{
		Job: j.entity(), ID: w.ID, Number: index + 1, Command: w.Command,
		Env: convert(j.Spec.Environment.Env, func(v envVar) string { return v.Key + "=" + v.Value }),
		srv: s, job: j, run: r, ctx: r.ctx, to: j.Spec.Data.transferSpec, sources: s.filesFor(j),
	}
	r.left++
	go func() {
		defer done()
		s.endWorker(j, r, w, s.settings.runner.Run(r.ctx, task))
	}()
}

// endWorker goes on after a worker's end, if that still matters.
func (s *Server) endWorker(j *job, r *run, w *worker, failure error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	if j.run != r || r.ctx.Err() != nil {
		return
	}
	j.text = nil
	switch {
	case failure != nil:
		w.Status = statusFailed
		j.Log.add(logLine{s.now, w.ID, failure.Error()}, s.settings.logLimit)
	case j.Spec.Data.OutputType != "":
		s.uploadOutput(j, w)
	default:
		w.Status = statusFinished
	}
	switch r.left--; {
	case r.left > 0:
	case j.hasWorkerIn(statusFailed):
		s.enter(j, statusFailed)
	default:
		j.step(s)
	}
	s.agenda.changed.give()
}

// endRun ends what is left of a job's run.
func (s *Server) endRun(j *job) {
	if j.run != nil {
		j.run.cancel()
		j.run = nil
	}
}

// resumeRun begins anew with the workers that ran when the state was saved that the job was loaded from.
func (s *Server) resumeRun(j *job) {
	if j.Status == statusRunning && j.Due == 0 && !j.runsUntilStopped() {
		s.beginRun(j)
		s.agenda.schedule(j, s.endOf(j))
	}
}
