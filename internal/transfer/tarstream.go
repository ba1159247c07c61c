package transfer

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
)

// tarStream is what a tar reader reads from. It tells an archive that ended from
// one that was cut short between two entries, which the reader takes for whole.
type tarStream struct {
	from *bufio.Reader
	cut  bool // the reader went to the end of the stream without finding that of the archive
}

var errCut = errors.New("the archive is cut short")

// Read reads the stream.
func (s *tarStream) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.cut = s.cut || err == io.EOF
	return n, err
}

// explain says what is wrong with a stream that is no tar archive, or not all
// of one. Other errors stay as they are.
func explain(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return fmt.Errorf("the stream is no tar archive, or a broken one: %w", err)
	}
	return err
}

// end checks what comes after the last entry: there may be zeros, and there must
// be an end.
func (s *tarStream) end() error {
	if s.cut {
		return errCut
	}
	for range maxPadding {
		padding, err := s.from.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case padding != 0:
			return errors.New("there is something after the end of the archive")
		}
	}
	return fmt.Errorf("there are more than %d zeros after the end of the archive", maxPadding)
}
