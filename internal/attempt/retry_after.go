package attempt

import (
	"net/http"
	"strconv"
	"time"
)

// RetryAfter reads the header of that name: seconds, fractions of them, and
// dates.
func RetryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		const longest = 1e9 // seconds, so that the product fits
		return time.Duration(min(seconds, longest) * float64(time.Second)), true
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}
