package arm

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzObject holds that an object which is read and written again is the same JSON, and that no text breaks the checks.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"isActive": true, "lastUpdated": "2008-09-22T14:01:54.9571247Z", "x": 1.00, "x": {"a": [null]}}`))
	f.Add([]byte(`{"packageApplications": [{"rawIcon": "VGg="}], "packageDependencies": [{"minVersion": 1}]}`))
	f.Add([]byte(`{"\ud800": "<&>", "": []}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return // readBody lets no other through
		}
		o, err := packageSchema.read("properties", body)
		if err != nil {
			return
		}
		written, err := encode(o)
		if err != nil {
			t.Fatalf("cannot be written again: %v", err)
		}
		again, err := parseObject(written)
		if err != nil {
			t.Fatalf("cannot be read again: %v: %s", err, written)
		}
		if twice, err := encode(again); err != nil || !bytes.Equal(twice, written) {
			t.Errorf("%s became %s (%v)", written, twice, err)
		}
		if o.with(memberActive, raw(true)).without(memberActive).get(memberActive) != nil {
			t.Error("a member that was taken out is still there")
		}
	})
}

// FuzzTarget holds that no path breaks the router, and that what it lets through has names that make one key.
func FuzzTarget(f *testing.F) {
	f.Add("/subscriptions/daefabc0-95b4-48b3-b645-8a753a63c4fa/resourceGroups/rg/providers/Microsoft.DesktopVirtualization/hostPools/hp1/msixPackages/app")
	f.Add("//subscriptions//x//providers/%2f/%zz")
	f.Add("/providers")
	f.Add("/subscriptions%2F%7B%7D/resourcegroups/providers/providers/Microsoft.DesktopVirtualization/register")
	f.Fuzz(func(t *testing.T, path string) {
		target, err := parseTarget(path)
		route, known := routes[target.shape]
		if err != nil || !known || target.checkNames() != nil {
			return
		}
		if route.in == inGroup && !target.isCollection() {
			_ = target.names[len(target.types)-1] // handlers count on it
		}
		for _, name := range target.names {
			if bytes.ContainsAny([]byte(name), "/\\~\x00") {
				t.Errorf("%q let the name %q through", path, name)
			}
		}
	})
}

// FuzzHostPool holds that what is kept of a host pool is kept whole when it is read again, and that a patch which was
// merged changes nothing when it is merged again (RFC 7396).
func FuzzHostPool(f *testing.F) {
	const pool = `{"location": "x", "tags": {"a": "b"}, "identity": {"type": "None", "tenantId": ""}, "properties": {"hostPoolType": "Pooled",
		"loadBalancerType": "DepthFirst", "preferredAppGroupType": "None", "objectId": 1, "agentUpdate": {"type": "Default"}}}`
	f.Add([]byte(pool), []byte(`{"tags": null, "properties": {"agentUpdate": {"type": null, "x": {"y": null}}, "RING": 1, "ring": 2}}`))
	f.Add([]byte(pool), []byte(`{"identity": null, "properties": {"loadBalancerType": null, "agentUpdate": null, "description": "<&>"}}`))
	f.Add([]byte(pool), []byte(`{"properties": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {}}}}}}}}}`))
	f.Fuzz(func(t *testing.T, body, change []byte) {
		if !json.Valid(body) || !json.Valid(change) {
			return // readBody lets no other through
		}
		kept, err := hostPoolDocument(body)
		if err != nil {
			return
		}
		patch, err := hostPoolPatch(change)
		if err != nil {
			return
		}
		once, err := mergeHostPool(kept, patch)
		if err != nil || once == nil {
			return
		}
		merged, err := parseObject(once)
		if err != nil {
			t.Fatalf("cannot be read again: %v: %s", err, once)
		}
		if again, err := mergeHostPool(merged, patch); err != nil || again != nil {
			t.Errorf("%s became %s (%v)", once, again, err)
		}
		for _, name := range poolRequired {
			if properties, err := propertiesOf(merged); err != nil || isNull(properties.get(name)) {
				t.Errorf("%s is gone from %s (%v)", name, once, err)
			}
		}
	})
}
