package proximl_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proximl/proximl-go"
)

func TestWhereRequestsGo(t *testing.T) {
	// Not parallel: it sets environment variables.
	const (
		cognito    = "https://cognito-idp.net-1.amazonaws.com/"
		production = "https://app.proximl.ai"
	)
	tests := []struct {
		name              string
		environment       map[string]string // by the name after PROXIML_
		file              string            // environment.json
		opts              []proximl.Option
		api, app, cognito string
	}{
		{"defaults", nil, `{}`, nil, "https://api.proximl.ai", production, cognito},
		{"domain: option", map[string]string{"DOMAIN_SUFFIX": "env.dev"}, `{"domain_suffix": "file.dev"}`, []proximl.Option{proximl.WithDomainSuffix("opt.dev")}, "https://api.opt.dev", "https://app.opt.dev", cognito},
		{"domain: environment", map[string]string{"DOMAIN_SUFFIX": "env.dev"}, `{"domain_suffix": "file.dev"}`, nil, "https://api.env.dev", "https://app.env.dev", cognito},
		{"domain: file", nil, `{"domain_suffix": "file.dev"}`, nil, "https://api.file.dev", "https://app.file.dev", cognito},
		{"API host: option", map[string]string{"API_URL": "env-host"}, `{"api_url": "file-host"}`, []proximl.Option{proximl.WithAPIHost("opt-host:8443")}, "https://opt-host:8443", production, cognito},
		{"API host: environment", map[string]string{"API_URL": "env-host"}, `{"api_url": "file-host"}`, nil, "https://env-host", production, cognito},
		{"API host: file", nil, `{"api_url": "file-host"}`, nil, "https://file-host", production, cognito},
		{"API host beats the domain", map[string]string{"DOMAIN_SUFFIX": "env.dev"}, `{"api_url": "file-host"}`, nil, "https://file-host", "https://app.env.dev", cognito},
		{"endpoint: option", map[string]string{"ENDPOINT": "https://env-end"}, `{}`, []proximl.Option{proximl.WithEndpoint("https://opt-end/base/")}, "https://opt-end/base", "https://opt-end/base", "https://opt-end/base/"},
		{"endpoint: environment", map[string]string{"ENDPOINT": "http://127.0.0.1:8080"}, `{}`, nil, "http://127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080/"},
		{"endpoint beats a host of a weaker source", map[string]string{"ENDPOINT": "https://env-end"}, `{"api_url": "file-host", "domain_suffix": "file.dev"}`, nil, "https://env-end", "https://env-end", "https://env-end/"},
		{"endpoint beats a host of the same source", map[string]string{"ENDPOINT": "https://env-end", "API_URL": "env-host", "DOMAIN_SUFFIX": "env.dev"}, `{}`, nil, "https://env-end", "https://env-end", "https://env-end/"},
		{"a host of a stronger source beats the endpoint", map[string]string{"ENDPOINT": "https://env-end"}, `{}`, []proximl.Option{proximl.WithAPIHost("opt-host")}, "https://opt-host", "https://env-end", "https://env-end/"},
		{"a domain of a stronger source beats the endpoint", map[string]string{"ENDPOINT": "https://env-end"}, `{}`, []proximl.Option{proximl.WithDomainSuffix("opt.dev")}, "https://api.opt.dev", "https://app.opt.dev", cognito},
		{"empty values count as none", map[string]string{"ENDPOINT": "", "API_URL": ""}, `{"api_url": "", "domain_suffix": null}`, []proximl.Option{proximl.WithAPIHost(""), proximl.WithDomainSuffix("")}, "https://api.proximl.ai", production, cognito},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{"ENDPOINT", "API_URL", "DOMAIN_SUFFIX"} {
				t.Setenv("PROXIML_"+name, test.environment[name])
			}
			s := &script{turns: []turn{
				ok(`{"region": "net-1", "userPoolId": "net-1_pool", "userPoolSDKClientId": "c"}`),
				{status: http.StatusBadRequest, body: `{"__type": "UserNotFoundException", "message": "no such user"}`},
			}}
			opts := append([]proximl.Option{
				proximl.WithConfigDir(configDir(t, "environment.json", test.file)),
				proximl.WithHTTPClient(&http.Client{Transport: s}), proximl.WithCredentials("u", "k"),
			}, test.opts...)
			client, err := proximl.New(opts...)
			require.NoError(t, err)
			assert.Equal(t, "proximl.ProxiML("+test.api+")", fmt.Sprint(client))
			_, err = client.Jobs.List(t.Context())
			require.ErrorIs(t, err, proximl.ErrUnauthorized)
			require.Len(t, s.arrivals, 2)
			assert.Equal(t, test.app+"/.well-known/auth-config.json", s.arrivals[0].URL.String())
			assert.Equal(t, test.cognito, s.arrivals[1].URL.String())

			client, err = proximl.New(append(opts, proximl.WithTokenSource(staticToken("t")))...)
			require.NoError(t, err)
			_, _ = client.Jobs.Get(t.Context(), "j")
			assert.Equal(t, test.api+"/job/j", s.arrivals[2].URL.String())
		})
	}
}

func TestWhereLogsComeFrom(t *testing.T) {
	// Not parallel: it sets environment variables.
	file := configDir(t, "environment.json", `{"ws_url": "file-host"}`)
	for _, test := range []struct {
		dir, environment, endpoint string
		opts                       []proximl.Option
		host                       string
	}{
		{configDir(t), "", "", nil, "api-ws.proximl.ai"},
		{configDir(t), "", "", []proximl.Option{proximl.WithDomainSuffix("opt.dev")}, "api-ws.opt.dev"},
		{configDir(t), "", "https://env-end", nil, "env-end"},
		{file, "", "", nil, "file-host"},
		{file, "env-host", "", nil, "env-host"},
		{file, "env-host", "", []proximl.Option{proximl.WithWebsocketHost("opt-host:8443")}, "opt-host:8443"},
		{file, "", "https://env-end", []proximl.Option{proximl.WithWebsocketHost("opt-host")}, "opt-host"},
	} {
		t.Setenv("PROXIML_WS_URL", test.environment)
		t.Setenv("PROXIML_ENDPOINT", test.endpoint)
		synctest.Test(t, func(t *testing.T) {
			client, s := play(t, []turn{ok(`{"job_uuid":"j","status":"running"}`), status(http.StatusForbidden, "no")}, append([]proximl.Option{proximl.WithConfigDir(test.dir)}, test.opts...)...)
			_, err := collect(client.Jobs.Logs(t.Context(), "j"))
			require.Error(t, err)
			dial := s.arrivals[1]
			assert.Equal(t, []string{"https", test.host, "websocket"}, []string{dial.URL.Scheme, dial.URL.Host, dial.Header.Get("Upgrade")})
		})
	}
}

func TestPlainHTTPIsForLoopbackHosts(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"http://127.0.0.1", "http://127.9.9.9:80", "http://localhost:1", "http://[::1]:8080", "https://10.0.0.1", "https://gpu.example.com:8443/path"} {
		client := newClient(t, proximl.WithEndpoint(endpoint), proximl.WithTokenSource(staticToken("t")))
		assert.Equal(t, "proximl.ProxiML("+endpoint+")", fmt.Sprint(client))
	}
	for _, host := range []string{"10.0.0.1", "gpu.example.com", "localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "[::]", "169.254.169.254"} {
		_, err := proximl.New(proximl.WithEndpoint("http://"+host+":8080"), proximl.WithTokenSource(staticToken("t")), proximl.WithConfigDir(t.TempDir()))
		require.EqualError(t, err, "proximl: the URL or host from an option is plain http to "+strings.Trim(host, "[]")+", which is not encrypted; use https")
	}
}

func TestBadHostsNameTheirSource(t *testing.T) {
	// Not parallel: it sets environment variables.
	const (
		noURL  = " is no URL such as https://api.example.com"
		noHost = " is no host name such as api.example.com"
		more   = " must not have a user, a query or a fragment"
	)
	endpoints := map[string]string{
		"gpu.example.com": noURL, "ftp://gpu.example.com": noURL, "https://": noURL, "https:gpu.example.com": noURL, "https://a b": noURL, "://": noURL,
		"https://user:CANARY@gpu.example.com": more, "https://gpu.example.com?a=CANARY": more, "https://gpu.example.com#a": more,
	}
	hosts := map[string]string{
		"https://api.example.com": noHost, "api.example.com/path": noHost, "a b": noHost, "user@api.example.com": noHost, "api.example.com?q": noHost, "api.example.com/": noHost, "[::1": noHost,
	}
	check := func(text, source, problem string, opts ...proximl.Option) {
		t.Helper()
		_, err := proximl.New(append([]proximl.Option{proximl.WithConfigDir(configDir(t)), proximl.WithTokenSource(staticToken("t"))}, opts...)...)
		require.EqualError(t, err, "proximl: the URL or host from "+source+problem, text)
		assert.NotContains(t, err.Error(), "CANARY", "a password in a URL is a secret")
	}
	for text, problem := range endpoints {
		check(text, "an option", problem, proximl.WithEndpoint(text))
		t.Setenv("PROXIML_ENDPOINT", text)
		check(text, "PROXIML_ENDPOINT", problem)
		t.Setenv("PROXIML_ENDPOINT", "")
	}
	for text, problem := range hosts {
		check(text, "an option", problem, proximl.WithAPIHost(text))
		check(text, "an option", problem, proximl.WithWebsocketHost(text))
		check(text, "an option", problem, proximl.WithDomainSuffix(text))
		for _, name := range []string{"api_url", "ws_url", "domain_suffix"} {
			variable := "PROXIML_" + strings.ToUpper(name)
			t.Setenv(variable, text)
			check(text, variable, problem)
			t.Setenv(variable, "")
			dir := configDir(t, "environment.json", fmt.Sprintf(`{%q: %q}`, name, text))
			check(text, filepath.Join(dir, "environment.json"), problem, proximl.WithConfigDir(dir))
		}
	}
}
