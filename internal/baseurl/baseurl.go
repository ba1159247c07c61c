// Package baseurl checks the URLs that requests with a secret may go to.
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
	u, err := ParseSigned(strings.TrimRight(raw, "/"))
	if err == nil && (u.User != nil || strings.ContainsAny(raw, "?#")) {
		return nil, errors.New("must not have a user, a query or a fragment")
	}
	return u, err
}

// ParseSigned checks a URL that may hold a secret itself: https, or http to a
// loopback host. Its errors do not quote it.
func ParseSigned(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.Opaque != "", strings.Contains(u.Host, "%"): // a zone, which need not survive being written
		return nil, errors.New("is no URL such as https://api.example.com")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("is plain http to " + u.Hostname() + ", which is not encrypted; use https")
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
