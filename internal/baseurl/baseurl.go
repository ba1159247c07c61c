// Package baseurl checks the URLs that requests with a token may go to.
package baseurl

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// Parse checks a URL: https, or http to a loopback host, and no more than a
// host and perhaps a path, which loses a slash at its end.
func Parse(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.Opaque != "":
		return nil, errors.New("is no URL such as https://api.example.com")
	case u.User != nil || strings.ContainsAny(raw, "?#"):
		return nil, errors.New("must not have a user, a query or a fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("is plain http to " + u.Hostname() + ", which would send the token unencrypted; use https")
	}
	return u, nil
}

// ParseHost checks a host name without a scheme, perhaps with a port, and
// makes an https URL of it.
func ParseHost(host string) (*url.URL, error) {
	u, err := Parse("https://" + host)
	if err != nil || u.Host != host {
		return nil, errors.New("is no host name such as api.example.com")
	}
	return u, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
