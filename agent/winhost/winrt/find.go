//go:build windows

package winrt

import "unsafe"

// mostFound bounds a list of packages or users: what goes on and on ends.
const mostFound = 100_000

// User is somebody who has a package.
type User struct {
	SID   string
	State InstallState
}

// Users lists who has the package. The caller must be an administrator.
func (m *Manager) Users(fullName string) ([]User, error) {
	h, err := m.p.newString(fullName)
	if err != nil {
		return nil, err
	}
	defer m.p.free(h)
	var list *object
	if err := m.one.call("FindUsers", slotFindUsers, uintptr(h), uintptr(unsafe.Pointer(&list))); err != nil || list == nil {
		return nil, err
	}
	defer list.release()
	var users []User
	err = each(list, func(o *object) error {
		info, err := o.as("IPackageUserInformation", iidPackageUser)
		if err != nil {
			return err
		}
		defer info.release()
		var u User
		if u.SID, err = m.p.text(info, "get_UserSecurityId", slotUserSID); err != nil {
			return err
		}
		state, err := info.number("get_InstallState", slotInstallState)
		u.State = InstallState(state)
		users = append(users, u)
		return err
	})
	return users, err
}

// Package is what the machine says of a package that it knows.
type Package struct {
	FullName string
	Problems []string // what keeps it from being used, in the words of IPackageStatus
}

// Find asks the machine for a package; nil: it does not know it.
func (m *Manager) Find(fullName string) (*Package, error) {
	h, err := m.p.newString(fullName)
	if err != nil {
		return nil, err
	}
	defer m.p.free(h)
	var o *object
	if err := m.one.call("FindPackageByPackageFullName", slotFindPackage, uintptr(h), uintptr(unsafe.Pointer(&o))); err != nil || o == nil {
		return nil, err
	}
	defer o.release()
	return m.describe(o)
}

// Family lists the packages of a family that the machine knows.
func (m *Manager) Family(familyName string) ([]Package, error) {
	name, err := m.p.newString(familyName)
	if err != nil {
		return nil, err
	}
	defer m.p.free(name)
	const call = "FindPackagesByPackageFamilyName"
	return m.list(func(out **object) error {
		return m.one.call(call, slotFindFamily, uintptr(name), uintptr(unsafe.Pointer(out)))
	})
}

func (m *Manager) list(start func(out **object) error) ([]Package, error) {
	var list *object
	if err := start(&list); err != nil || list == nil {
		return nil, err
	}
	defer list.release()
	var packages []Package
	err := each(list, func(o *object) error {
		p, err := m.describe(o)
		if err == nil {
			packages = append(packages, *p)
		}
		return err
	})
	return packages, err
}

// describe reads name and state of a package.
func (m *Manager) describe(o *object) (*Package, error) {
	pack, err := o.as("IPackage", iidPackage)
	if err != nil {
		return nil, err
	}
	defer pack.release()
	id, err := pack.get("get_Id", slotPackageID)
	if err != nil {
		return nil, err
	}
	defer id.release()
	p := &Package{}
	if p.FullName, err = m.p.text(id, "get_FullName", slotFullName); err != nil {
		return nil, err
	}
	p.Problems, err = problems(o)
	return p, err
}

// problems reads the state of a package.
func problems(o *object) ([]string, error) {
	three, err := o.as("IPackage3", iidPackage3)
	if err != nil {
		return nil, err
	}
	defer three.release()
	status, err := three.get("get_Status", slotPackageStatus)
	if err != nil {
		return nil, err
	}
	defer status.release()
	if ok, err := status.truth("VerifyIsOK", slotStatusOK); ok || err != nil {
		return nil, err
	}
	var list []string
	for _, f := range []struct {
		name string
		slot int
	}{{"NotAvailable", slotNotAvailable}, {"PackageOffline", slotOffline}, {"NeedsRemediation", slotRemediation},
		{"Modified", slotModified}, {"Tampered", slotTampered}, {"DependencyIssue", slotDependency}} {
		if set, err := status.truth("get_"+f.name, f.slot); err == nil && set {
			list = append(list, f.name)
		}
	}
	if len(list) == 0 {
		list = []string{"NotOK"}
	}
	return list, nil
}

// each gives every element of an IIterable to the function.
func each(list *object, give func(*object) error) error {
	cursor, err := list.get("First", slotFirst)
	if err != nil {
		return err
	}
	defer cursor.release()
	more, err := cursor.truth("get_HasCurrent", slotHasCurrent)
	for n := 0; err == nil && more && n < mostFound; n++ {
		var o *object
		if o, err = cursor.get("get_Current", slotCurrent); err != nil {
			return err
		}
		err = give(o)
		o.release()
		if err != nil {
			return err
		}
		more, err = cursor.truth("MoveNext", slotMoveNext)
	}
	return err
}
