package proximltest

// signal wakes all who wait for it, once. The server's lock guards it.
type signal struct{ waiting chan struct{} }

// wait returns a channel that is closed when the signal is given next.
func (s *signal) wait() <-chan struct{} {
	if s.waiting == nil {
		s.waiting = make(chan struct{})
	}
	return s.waiting
}

func (s *signal) give() {
	if s.waiting != nil {
		close(s.waiting)
		s.waiting = nil
	}
}
