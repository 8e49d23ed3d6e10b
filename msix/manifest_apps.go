package msix

import "strings"

// maxAppID is the schema's limit on Application/@Id.
const maxAppID = 255

func readApplications(e *node) ([]Application, error) {
	var list []Application
	for _, a := range e.all("Application") {
		app := Application{
			ID:         a.attr("Id"),
			Executable: a.attr("Executable"),
			EntryPoint: a.attr("EntryPoint"),
			StartPage:  a.attr("StartPage"),
		}
		if app.ID == "" || len(app.ID) > maxAppID {
			return nil, corrupt(manifestFormat, "Application/@Id", -1, "%d characters long, want 1 to %d", len(app.ID), maxAppID)
		}
		app.readVisuals(a.child("VisualElements"))
		for _, x := range a.child("Extensions").all("Extension") {
			app.readExtension(x)
		}
		list = append(list, app)
	}
	return list, nil
}

// readVisuals reads VisualElements, whose logos were renamed twice.
func (a *Application) readVisuals(e *node) {
	if e == nil {
		return
	}
	a.DisplayName = e.attr("DisplayName")
	a.Description = e.attr("Description")
	a.BackgroundColor = e.attr("BackgroundColor")
	a.Hidden = e.attr("AppListEntry") == "none"
	a.Square44x44Logo = firstOf(e.attr("Square44x44Logo"), e.attr("Square30x30Logo"), e.attr("SmallLogo"))
	a.Square150x150Logo = firstOf(e.attr("Square150x150Logo"), e.attr("Logo"))
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// readExtension takes the kinds of extension that register something in a
// user's session which the publisher of applications wants to know.
func (a *Application) readExtension(e *node) {
	switch e.attr("Category") {
	case "windows.fileTypeAssociation":
		for _, f := range e.all("FileTypeAssociation") {
			a.FileTypes = append(a.FileTypes, readAssociation(f))
		}
	case "windows.protocol":
		for _, p := range e.all("Protocol") {
			a.Protocols = append(a.Protocols, p.attr("Name"))
		}
	case "windows.appExecutionAlias":
		for _, x := range e.all("AppExecutionAlias") {
			for _, alias := range x.all("ExecutionAlias") {
				a.Aliases = append(a.Aliases, alias.attr("Alias"))
			}
		}
	}
}

func readAssociation(e *node) FileAssociation {
	f := FileAssociation{Name: e.attr("Name")}
	for _, t := range e.child("SupportedFileTypes").all("FileType") {
		f.Extensions = append(f.Extensions, strings.TrimSpace(string(t.text)))
	}
	return f
}

func readCapabilities(e *node) []Capability {
	if e == nil {
		return nil
	}
	var list []Capability
	for _, c := range e.children {
		if name := c.attr("Name"); name != "" {
			list = append(list, Capability{Family: capabilityFamily(c), Name: name})
		}
	}
	return list
}

// capabilityFamily turns a namespace into the prefix that the documentation
// uses for it: ".../uap/windows10/3" into uap3, the restricted ones into rescap.
func capabilityFamily(n *node) string {
	switch n.local {
	case "DeviceCapability":
		return "device"
	case "CustomCapability":
		return "custom"
	}
	_, rest, found := strings.Cut(n.space, "/appx/manifest/")
	if !found {
		return "" // 2010 and 2013: one schema, no prefixes
	}
	parts := strings.Split(rest, "/")
	family, generation := parts[0], parts[len(parts)-1]
	for _, p := range parts {
		switch p {
		case "restrictedcapabilities":
			family = "rescap"
		case "windowscapabilities":
			family = "wincap"
		}
	}
	if family == "foundation" {
		return ""
	}
	if strings.Trim(generation, "0123456789") == "" {
		family += generation
	}
	return family
}
