package arm

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"berth"
	"berth/control"
)

// AppAttach are the app attach packages of a site.
type AppAttach interface {
	// AppAttachPackage returns one; its absence is NotFound on appAttachPackage.
	AppAttachPackage(ctx context.Context, site, name string) (control.AppAttach, error)
	// AppAttachPackages returns those of a site.
	AppAttachPackages(ctx context.Context, site string) ([]control.AppAttach, error)
	// Offered returns those of a site as they were put.
	Offered(ctx context.Context, site string) ([]berth.AppAttachPackage, error)
	// PutAppAttach creates or changes one.
	PutAppAttach(ctx context.Context, site, name string, fn control.AppAttachEdit) (out control.AppAttach, created bool, err error)
	// RemoveAppAttach deletes one; existed is false when there was none.
	RemoveAppAttach(ctx context.Context, site, name string) (existed bool, err error)
}

const (
	appAttachPackages = "appattachpackages"
	memberImage       = "image"
	memberReferences  = "hostPoolReferences"
	memberOnFailure   = "failHealthCheckOnStagingFailure"
	memberState       = "provisioningState"
)

// infoSchema is AppAttachPackageInfoProperties.
var infoSchema = func() schema {
	s := schema{"packagealias": text, "packagefullname": text, "certificatename": text, "certificateexpiry": moment, "ispackagetimestamped": text}
	maps.Copy(s, packageSchema)
	return s
}()

// appAttachSchema is AppAttachPackageProperties.
var appAttachSchema = schema{"image": nested(infoSchema), "hostpoolreferences": listOf(text), "keyvaulturl": text,
	"failhealthcheckonstagingfailure": text, "provisioningstate": text}

// listOf takes an array of values that fit.
func listOf(fits check) check {
	return func(path string, value json.RawMessage) error {
		var all []json.RawMessage
		if err := json.Unmarshal(value, &all); err != nil {
			return badContent(path, path+" must be an array")
		}
		if len(all) > maxMembers {
			return badContent(path, fmt.Sprintf("%s has more than %d entries", path, maxMembers))
		}
		for i, v := range all {
			if err := fits(fmt.Sprintf("%s[%d]", path, i), v); err != nil {
				return err
			}
		}
		return nil
	}
}

// listAppAttach answers AppAttachPackage_ListByResourceGroup, and AppAttachPackage_ListBySubscription where the path names
// no resource group.
func (h *handler) listAppAttach(c *call) (answer, error) {
	wanted, err := conditions(parameter(c.URL.Query(), "$filter"))
	if err != nil {
		return answer{}, err
	}
	for _, w := range wanted {
		if !appAttachFilters[w.name] {
			return answer{}, badFilter("names '" + w.name + "'; use HostPoolName, PackageName, PackageFullName, PackageFamilyName or ResourceGroupName")
		}
	}
	sites := c.sites
	if c.in == inGroup {
		sites = []berth.Site{c.site}
	}
	var entries []entry
	for _, site := range sites {
		all, err := h.farm.AppAttachPackages(c.Context(), site.Name)
		if err != nil {
			return answer{}, err
		}
		for _, a := range all {
			shown, err := c.appAttach(site, a)
			if err != nil {
				return answer{}, err
			}
			if appAttachFits(site, a, shown, wanted) {
				entries = append(entries, entry{berth.Fold(a.Name) + "/" + berth.Fold(site.Name), func() (any, error) { return shown, nil }})
			}
		}
	}
	return c.page(entries, "pageSize")
}

var appAttachFilters = map[string]bool{"hostpoolname": true, "hostpool": true, "packagename": true, "packagefullname": true,
	"packagefamilyname": true, "name": true, "resourcegroupname": true, "resourcegroup": true}

// appAttachFits tells whether a package fits a filter. The name of a package is that of the resource or that in the manifest.
func appAttachFits(site berth.Site, a control.AppAttach, shown object, wanted []condition) bool {
	properties, _ := propertiesOf(shown)             // what was just made of what passed its check
	image, _ := parseOr(properties.get(memberImage)) //
	is := func(values ...string) func(string) bool { // any of them, in any case
		return func(v string) bool {
			for _, have := range values {
				if strings.EqualFold(have, v) {
					return true
				}
			}
			return false
		}
	}
	var pools []string
	for _, p := range a.Pools {
		pools = append(pools, p.Pool, p.Reference)
	}
	for _, w := range wanted {
		fits := map[string]func(string) bool{"hostpoolname": is(pools...), "hostpool": is(pools...), "resourcegroup": is(site.Name),
			"resourcegroupname": is(site.Name), "name": is(a.Name), "packagename": is(a.Name, words(image.get("packageName"))),
			"packagefullname": is(a.FullName), "packagefamilyname": is(words(image.get("packageFamilyName")))}[w.name]
		if !fits(w.value) {
			return false
		}
	}
	return true
}

func (h *handler) getAppAttach(c *call) (answer, error) {
	a, err := h.farm.AppAttachPackage(c.Context(), c.site.Name, c.names[0])
	if err != nil {
		return answer{}, err
	}
	return c.showAppAttach(http.StatusOK, a)
}

// putAppAttach creates or replaces.
func (h *handler) putAppAttach(c *call) (answer, error) {
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	sent, err := appAttachDocument(body)
	if err != nil {
		return answer{}, err
	}
	out, created, err := h.farm.PutAppAttach(c.Context(), c.site.Name, c.names[0], func(was *control.AppAttach) (control.AppAttachSaid, error) {
		if err := c.checkMatch(was != nil, appAttachTag(was)); err != nil {
			return control.AppAttachSaid{}, err
		}
		if was != nil {
			if err := c.sameAppAttachLocation(*was, sent); err != nil {
				return control.AppAttachSaid{}, err
			}
		}
		return c.appAttachSaid(sent, true)
	})
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return c.showAppAttach(status, out)
}

func (c *call) sameAppAttachLocation(was control.AppAttach, sent object) error {
	said, err := parseObject(was.Azure.Document)
	if err != nil {
		return err
	}
	from, to := words(said.get(memberLocation)), words(sent.get(memberLocation))
	if sameLocation(from, to) {
		return nil
	}
	return &fault{status: http.StatusConflict, code: "InvalidResourceLocation", target: memberLocation,
		message: "The resource '" + was.Name + "' already exists in location '" + from + "' in resource group '" + c.site.Name +
			"'. A resource with the same name cannot be created in location '" + to + "'."}
}

// patchAppAttach merges (RFC 7396) into the properties.
func (h *handler) patchAppAttach(c *call) (answer, error) {
	if err := h.farm.Permit(c.Context(), c.site.Name, berth.RoleContributor); err != nil {
		return answer{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return answer{}, err
	}
	patch, err := appAttachPatch(body)
	if err != nil {
		return answer{}, err
	}
	out, _, err := h.farm.PutAppAttach(c.Context(), c.site.Name, c.names[0], func(was *control.AppAttach) (control.AppAttachSaid, error) {
		if was == nil {
			return control.AppAttachSaid{}, c.notFound("appAttachPackages/" + c.names[0])
		}
		if err := c.checkMatch(true, appAttachTag(was)); err != nil {
			return control.AppAttachSaid{}, err
		}
		return c.mergedAppAttach(*was, patch)
	})
	if err != nil {
		return answer{}, err
	}
	return c.showAppAttach(http.StatusOK, out)
}

// mergedAppAttach puts a patch over what was said; nothing is said when that changes nothing.
func (c *call) mergedAppAttach(was control.AppAttach, patch object) (none control.AppAttachSaid, err error) {
	shown, err := c.appAttach(c.site, was)
	if err != nil {
		return none, err
	}
	said, err := parseObject(was.Azure.Document)
	if err != nil {
		return none, err
	}
	// What the lists and pools say by now counts, not what was once put.
	base, err := encode(shownProperties(shown))
	if err != nil {
		return none, err
	}
	merged, err := mergePatch(said.with(memberProperties, base), patch, deepestMerge)
	if err != nil {
		return none, err
	}
	before, err := encode(said.with(memberProperties, base))
	if err != nil {
		return none, err
	}
	after, err := encode(merged)
	if err != nil || sameText(before, after) {
		return none, err
	}
	image := func(o object) (path, name string) {
		p, _ := propertiesOf(o)
		i, _ := parseOr(p.get(memberImage))
		return words(i.get("imagePath")), words(i.get("packageFullName"))
	}
	oldPath, oldName := image(said)
	newPath, newName := image(merged)
	return c.appAttachSaid(merged, oldPath != newPath || oldName != newName)
}

func shownProperties(shown object) object {
	p, _ := propertiesOf(shown) // what was just made
	return p.without(memberState)
}

func (h *handler) removeAppAttach(c *call) (answer, error) {
	existed, err := h.farm.RemoveAppAttach(c.Context(), c.site.Name, c.names[0])
	if !existed {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{status: http.StatusOK}, err
}

// appAttachDocument returns what is kept of the body of a PUT.
func appAttachDocument(body []byte) (object, error) {
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	var o object
	for _, name := range []string{memberLocation, memberTags} {
		if v := top.get(name); !isNull(v) {
			if err := trackedSchema[name](name, v); err != nil {
				return nil, err
			}
			o = o.with(name, v)
		}
	}
	if strings.TrimSpace(words(o.get(memberLocation))) == "" {
		return nil, errLocation
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return nil, badContent(memberProperties, "properties is required")
	}
	if _, err := appAttachSchema.read(memberProperties, value); err != nil {
		return nil, err
	}
	return withoutAll(o, memberProperties, value, []string{memberState})
}

// appAttachPatch returns what a PATCH changes. The body may be missing. Tags are none of it in the specification; some
// clients send them all the same.
func appAttachPatch(body []byte) (patch object, err error) {
	if body == nil {
		return nil, nil
	}
	top, err := topLevel(body)
	if err != nil {
		return nil, err
	}
	if v := top.get(memberTags); !isNull(v) {
		if err := texts(memberTags, v); err != nil {
			return nil, err
		}
		patch = patch.with(memberTags, v)
	}
	value := top.get(memberProperties)
	if isNull(value) {
		return patch, nil
	}
	if _, err := appAttachSchema.read(memberProperties, value); err != nil {
		return nil, err
	}
	return withoutAll(patch, memberProperties, value, []string{memberState})
}

// fullNamePattern is what can be the full name of a package: Microsoft Learn, "Package identity".
// Made on first use: most commands of the program never need it.
var fullNamePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9.\-_~ @]+$`) })

// Lengths of a full name, in characters: a package's name of three at least, and what a path may hold.
const (
	leastFullName = 3
	mostFullName  = 255
)

// appAttachSaid makes a checked document into the use case.
func (c *call) appAttachSaid(sent object, read bool) (out control.AppAttachSaid, err error) {
	properties, err := propertiesOf(sent)
	if err != nil {
		return out, err
	}
	image, err := parseOr(properties.get(memberImage))
	if err != nil {
		return out, badContent("properties.image", "properties.image "+err.Error())
	}
	if out.Pools, err = c.references(properties.get(memberReferences)); err != nil {
		return out, err
	}
	out.OnFailure, out.Read = words(properties.get(memberOnFailure)), read
	if out.Document, err = encode(sent); err != nil {
		return out, err
	}
	name := words(image.get("packageFullName"))
	if name == "" {
		return out, nil
	}
	if len(name) < leastFullName || len(name) > mostFullName || !fullNamePattern().MatchString(name) || strings.TrimSpace(name) != name {
		return out, badContent("properties.image.packageFullName", "properties.image.packageFullName '"+name+"' is no full name of a package")
	}
	whole, err := encode(image)
	if err != nil {
		return out, err
	}
	var s said
	if err := json.Unmarshal(whole, &s); err != nil {
		return out, badContent("properties.image", "properties.image: "+err.Error())
	}
	out.Package, out.Active, out.Regular = s.pkg(name), s.IsActive, s.IsRegularRegistration
	return out, nil
}

// references reads the host pools that a package is offered from: those of its own resource group, each once.
func (c *call) references(value json.RawMessage) (pools []berth.AppAttachPool, err error) {
	pools = []berth.AppAttachPool{}
	if isNull(value) {
		return pools, nil
	}
	var ids []string
	if err := json.Unmarshal(value, &ids); err != nil {
		return nil, badContent("properties."+memberReferences, "properties."+memberReferences+" must be an array of resource ids")
	}
	seen := map[string]bool{}
	for i, id := range ids {
		at := fmt.Sprintf("properties.%s[%d]", memberReferences, i)
		t, err := parseTarget(id)
		if err != nil || t.shape != groupPath+"/hostpools/{}" || !strings.EqualFold(t.subscription, c.subscription) {
			return nil, badContent(at, at+" '"+id+"' is not the id of a host pool of this subscription")
		}
		if berth.Fold(t.group) != berth.Fold(c.site.Name) {
			return nil, badContent(at, at+" '"+id+"' is a host pool of another resource group; here a package is offered from host pools of its own")
		}
		if !seen[berth.Fold(t.pool())] {
			seen[berth.Fold(t.pool())] = true
			pools = append(pools, berth.AppAttachPool{Pool: t.pool(), Reference: id})
		}
	}
	return pools, nil
}

func (c *call) showAppAttach(status int, a control.AppAttach) (answer, error) {
	body, err := c.appAttach(c.site, a)
	return answer{status: status, body: body, etag: appAttachTag(&a)}, err
}

// appAttachTag is the entity tag of an app attach package, empty where there is none.
func appAttachTag(a *control.AppAttach) string {
	if a == nil {
		return ""
	}
	return strconv.Quote(strconv.FormatInt(a.Revision, 10))
}

// appAttach is AppAttachPackage of the specification: every word as it was put, and over it what the lists of its pools say.
func (c *call) appAttach(site berth.Site, a control.AppAttach) (object, error) {
	said, err := parseObject(a.Azure.Document)
	if err != nil {
		return nil, fmt.Errorf("stored description of app attach package %s: %w", a.Name, err)
	}
	properties, err := propertiesOf(said)
	if err != nil {
		return nil, fmt.Errorf("stored description of app attach package %s: %w", a.Name, err)
	}
	if properties, err = withImageState(properties, a); err != nil {
		return nil, err
	}
	references := make([]string, 0, len(a.Pools))
	for _, p := range a.Pools {
		references = append(references, p.Reference)
	}
	refs, err := encode(references)
	if err != nil {
		return nil, err
	}
	inner, err := encode(properties.with(memberReferences, refs).with(memberState, quote("Succeeded")))
	if err != nil {
		return nil, err
	}
	system, err := encode(systemDataOf(a.Azure))
	out := object{{"name", quote(a.Name)}, {"id", quote(appAttachID(site, a.Name))}, {"type", quote(provider + "/" + appAttachPackages)}, {"systemData", system}}
	out = append(out, said.without(memberProperties)...)
	return append(out, member{memberProperties, inner}), err
}

// withImageState puts what the lists say over what was declared of the image.
func withImageState(properties object, a control.AppAttach) (object, error) {
	if isNull(properties.get(memberImage)) || a.Active == nil {
		return properties, nil
	}
	image, err := parseObject(properties.get(memberImage))
	if err != nil {
		return nil, fmt.Errorf("stored image of app attach package %s: %w", a.Name, err)
	}
	image = image.with(memberActive, raw(*a.Active))
	if a.Regular != nil {
		image = image.with(memberRegular, raw(*a.Regular))
	}
	b, err := encode(image)
	return properties.with(memberImage, b), err
}

func appAttachID(site berth.Site, name string) string {
	return groupID(site.SubscriptionID, "resourcegroups", site.Name) + "/providers/" + provider + "/" + appAttachPackages + "/" + name
}

func systemDataOf(a berth.AzureResource) systemData {
	return systemData{
		CreatedBy: a.CreatedBy, CreatedByType: a.CreatedByType, CreatedAt: a.CreatedAt.UTC().Format(timeFormat),
		LastModifiedBy: a.ModifiedBy, LastModifiedByType: a.ModifiedByType, LastModifiedAt: a.ModifiedAt.UTC().Format(timeFormat),
	}
}
