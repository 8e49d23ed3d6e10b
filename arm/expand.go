package arm

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image/png"
	"net/http"
	"path"
	"strings"

	"berth"
	"berth/control"
)

// Images are read by the server, or by a host of the pool.
type Images interface {
	// ExpandImage returns the packages in an image. Where nobody can read it the cause is a control.ExpandError.
	ExpandImage(ctx context.Context, site, pool, path string) ([]berth.Package, error)
}

// expanded is ExpandMsixImageProperties and AppAttachPackageInfoProperties of the specification. What the package does not
// say is null where that is allowed.
type expanded struct {
	PackageAlias          string                `json:"packageAlias"`
	ImagePath             string                `json:"imagePath"`
	PackageName           string                `json:"packageName"`
	PackageFamilyName     string                `json:"packageFamilyName"`
	PackageFullName       string                `json:"packageFullName"`
	DisplayName           *string               `json:"displayName"`
	PackageRelativePath   string                `json:"packageRelativePath"`
	IsRegularRegistration bool                  `json:"isRegularRegistration"`
	IsActive              bool                  `json:"isActive"`
	PackageDependencies   []saidDependency      `json:"packageDependencies"`
	Version               string                `json:"version"`
	LastUpdated           string                `json:"lastUpdated,omitempty"`
	PackageApplications   []expandedApplication `json:"packageApplications"`
	CertificateName       *string               `json:"certificateName,omitempty"`
	CertificateExpiry     *string               `json:"certificateExpiry,omitempty"`
	IsPackageTimestamped  *string               `json:"isPackageTimestamped,omitempty"`
}

type expandedApplication struct {
	AppID          string `json:"appId"`
	Description    string `json:"description"`
	AppUserModelID string `json:"appUserModelID"`
	FriendlyName   string `json:"friendlyName"`
	IconImageName  string `json:"iconImageName,omitempty"`
	RawIcon        []byte `json:"rawIcon,omitempty"`
	RawPNG         []byte `json:"rawPng,omitempty"`
}

// expandedIcon shows an application with its icon, as a picture and as an icon file around it.
func expandedIcon(a berth.Application) expandedApplication {
	return expandedApplication{AppID: a.ID, Description: a.Description, AppUserModelID: a.AppUserModelID, FriendlyName: a.DisplayName,
		IconImageName: iconName(a), RawIcon: iconFile(a.Icon), RawPNG: a.Icon}
}

func iconName(a berth.Application) string {
	if a.IconPath == "" {
		return ""
	}
	return path.Base(a.IconPath)
}

// iconFile puts a PNG into an icon file: one directory entry of 16 bytes behind a header of 6, ICONDIR and ICONDIRENTRY of
// Windows, which takes PNG pictures since Vista. What is no PNG gives none.
func iconFile(picture []byte) []byte {
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || config.Width > 256 || config.Height > 256 {
		return nil
	}
	const head = 22
	b := []byte{0, 0, 1, 0, 1, 0, byte(config.Width), byte(config.Height), 0, 0, 1, 0, 32, 0} // 256 is written as 0
	b = binary.LittleEndian.AppendUint32(b, uint32(len(picture)))
	b = binary.LittleEndian.AppendUint32(b, head)
	return append(b, picture...)
}

// firstCertificates is where expanding begins to say who signed.
const firstCertificates = "2023-10-04-preview"

// expandedOf shows what is in an image, under the path by which the client named it.
func (c *call) expandedOf(p berth.Package, file string) expanded {
	e := expanded{
		PackageAlias: strings.ToLower(p.Name), ImagePath: file, PackageName: p.Name, PackageFamilyName: p.FamilyName, PackageFullName: p.FullName,
		PackageRelativePath: strings.ReplaceAll(p.RelativePath, "/", `\`), Version: p.Version.String(),
		PackageDependencies: []saidDependency{}, PackageApplications: []expandedApplication{},
	}
	if p.DisplayName != "" {
		e.DisplayName = &p.DisplayName
	}
	if p.Observed != nil {
		e.LastUpdated = p.Observed.At.UTC().Format(timeFormat)
	}
	for _, d := range p.Dependencies {
		e.PackageDependencies = append(e.PackageDependencies, saidDependency{DependencyName: d.Name, Publisher: d.Publisher, MinVersion: d.MinVersion})
	}
	for _, a := range p.Applications {
		e.PackageApplications = append(e.PackageApplications, expandedIcon(a))
	}
	if cert := p.Certificate; cert != nil && c.version >= firstCertificates {
		expiry := cert.NotAfter.UTC().Format(timeFormat)
		e.CertificateName, e.CertificateExpiry = &cert.CommonName, &expiry
	}
	return e
}

// expandedImage is ExpandMsixImage of the specification.
type expandedImage struct {
	Name       string   `json:"name"`
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Properties expanded `json:"properties"`
}

var (
	expandSchema = schema{"uri": text}
	importSchema = schema{"path": text, "packagearchitecture": oneOf("ARM", "ARM64", "x86", "x64", "Neutral", "x86a64", "ALL")}
)

// pathIn reads the body of a request to read an image.
func pathIn(c *call, s schema, member string) (o object, image string, err error) {
	body, err := readBody(c)
	if err != nil {
		return nil, "", err
	}
	if body == nil {
		return nil, "", badContent("", "there is no body")
	}
	if o, err = parseObject(body); err != nil {
		return nil, "", badContent("", "the body "+err.Error())
	}
	for _, m := range o {
		if fits := s[strings.ToLower(m.name)]; fits != nil && !isNull(m.value) {
			if err := fits(m.name, m.value); err != nil {
				return nil, "", err
			}
		}
	}
	if image = words(o.get(member)); strings.TrimSpace(image) == "" {
		return nil, "", badContent(member, member+" is required")
	}
	return o, image, nil
}

// expandImage answers MsixImages_Expand.
func (h *handler) expandImage(c *call) (answer, error) {
	_, uri, err := pathIn(c, expandSchema, "uri")
	if err != nil {
		return answer{}, err
	}
	ps, err := h.farm.ExpandImage(c.Context(), c.site.Name, c.pool(), uri)
	if err != nil {
		return answer{}, c.unreadable(err)
	}
	var entries []entry
	for _, p := range ps {
		entries = append(entries, entry{berth.Fold(p.FullName), func() (any, error) {
			return expandedImage{Name: c.pool() + "/expandmsiximage", ID: poolID(c.site, c.pool()) + "/expandmsiximage",
				Type: provider + "/hostpools/expandmsiximage", Properties: c.expandedOf(p, uri)}, nil
		}})
	}
	return c.page(entries, "pageSize")
}

// importInfo answers AppAttachPackageInfo_Import: the packages in an image, each as a client would put it.
func (h *handler) importInfo(c *call) (answer, error) {
	o, file, err := pathIn(c, importSchema, "path")
	if err != nil {
		return answer{}, err
	}
	ps, err := h.farm.ExpandImage(c.Context(), c.site.Name, c.pool(), file)
	if err != nil {
		return answer{}, c.unreadable(err)
	}
	wanted := words(o.get("packageArchitecture"))
	var entries []entry
	for _, p := range ps {
		if wanted != "" && !strings.EqualFold(wanted, "ALL") && !strings.EqualFold(wanted, p.Architecture) {
			continue
		}
		entries = append(entries, entry{berth.Fold(p.FullName), func() (any, error) { return c.imported(p, file), nil }})
	}
	return c.page(entries, "pageSize")
}

type importedPackage struct {
	Name       string             `json:"name"`
	ID         string             `json:"id"`
	Type       string             `json:"type"`
	Location   string             `json:"location"`
	Properties importedProperties `json:"properties"`
}

type importedProperties struct {
	Image              expanded `json:"image"`
	HostPoolReferences []string `json:"hostPoolReferences"`
	ProvisioningState  string   `json:"provisioningState"`
	OnFailure          string   `json:"failHealthCheckOnStagingFailure"`
}

func (c *call) imported(p berth.Package, file string) importedPackage {
	image := c.expandedOf(p, file)
	if p.Certificate != nil {
		stamped := "NotTimestamped"
		if p.Certificate.Timestamped {
			stamped = "Timestamped"
		}
		image.IsPackageTimestamped = &stamped
	}
	return importedPackage{Name: p.FullName, ID: poolID(c.site, c.pool()) + "/importappattachpackageinfo/" + p.FullName,
		Type: provider + "/" + appAttachPackages, Location: c.site.Location,
		Properties: importedProperties{Image: image, HostPoolReferences: []string{}, ProvisioningState: "Succeeded", OnFailure: control.NeedsAssistance}}
}

// unreadable words an image that nobody could read as Azure does: each host that tried, and its reason. The server, which
// tries first here, stands among them.
func (c *call) unreadable(err error) error {
	e, ok := errors.AsType[*control.ExpandError](err)
	if !ok {
		return err
	}
	var tries []string
	for _, t := range e.Tries {
		name := t.Host
		if name == "" {
			name = "(Berth server)"
		}
		why := t.Err.Error()
		if known, ok := errors.AsType[*berth.Error](t.Err); ok && known.Message != "" {
			why = known.Message
			if known.Code != "" {
				why += " (" + known.Code + ")"
			}
		}
		tries = append(tries, "Session Host: "+name+", Error: "+why)
	}
	if e.None {
		tries = append(tries, "The host pool has no session host that could be asked")
	}
	return c.avdFault("The MSIX Application metadata expand request failed on all Session Hosts that it was sent to. " + strings.Join(tries, ". ") + ".")
}

// avdFault is an error as Azure Virtual Desktop itself gives it, behind the resource manager.
func (c *call) avdFault(why string) error {
	return &fault{status: http.StatusBadRequest, code: "400", message: "ActivityId: " + c.id + " Error: " + why}
}
