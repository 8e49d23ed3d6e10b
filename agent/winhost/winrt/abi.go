package winrt

// Interface is what the bindings rely on of one interface: its id, and the slot of each method that is called. Slots count
// from 0 and include the six of IUnknown and IInspectable.
type Interface struct {
	Name  string // of the .winmd, with type arguments: "IIterable<Package>"
	IID   string
	Slots map[string]int
}

// Ids of the interfaces.
const (
	iidAsyncInfo         = "00000036-0000-0000-c000-000000000046"
	iidPackageManager    = "9a7d4b65-5e8f-4fc7-a2e5-7f6925cb8b53"
	iidPackageManager2   = "f7aad08d-0840-46f2-b5d8-cad47693a095"
	iidDeployment        = "5a97aab7-b6ea-55ac-a5dc-d5b164d94e94" // IAsyncOperationWithProgress<DeploymentResult, DeploymentProgress>
	iidDeploymentResult  = "2563b9ae-b77d-4c1f-8a7b-20e6ad515ef3"
	iidPackageUser       = "f6383423-fa09-4cbc-9055-15ca275e2e7e"
	iidPackageUsers      = "341348b9-52c8-5b57-9e91-f19f2a05b188" // IIterable<PackageUserInformation>
	iidPackageUserCursor = "75660566-ae43-5858-ada6-d57ddae90277" // IIterator<PackageUserInformation>
	iidPackages          = "69ad6aa7-0c49-5f27-a5eb-ef4d59467b6d" // IIterable<Package>
	iidPackageCursor     = "0217f069-025c-5ee6-a87f-e782e3b623ae" // IIterator<Package>
	iidPackage           = "163c792f-bd75-413c-bf23-b1fe7b95d825"
	iidPackage3          = "5f738b61-f86a-4917-93d1-f1ee9d3b35d9"
	iidPackageID         = "1adb665e-37c7-4790-9980-dd7ae74e8bb2"
	iidPackageStatus     = "5fe74f71-a365-4c09-a02d-046d525ea1da"
	iidURIFactory        = "44a9796f-723e-4fdf-a218-033e75b0c084"
	iidURI               = "9e365e57-48b2-4160-956f-c7385120bbfc"
)

// Slots of the methods.
const (
	slotAsyncStatus    = 7
	slotAsyncErrorCode = 8
	slotAsyncCancel    = 9
	slotAsyncClose     = 10
	slotGetResults     = 10 // of IAsyncOperationWithProgress

	slotStage       = 9 // StagePackageAsync
	slotFindUsers   = 15
	slotFindPackage = 17 // FindPackageByPackageFullName
	slotCleanup     = 18 // CleanupPackageForUserAsync
	slotFindFamily  = 19 // FindPackagesByPackageFamilyName

	slotRemoveWithOptions  = 6
	slotStageWithOptions   = 7
	slotRegisterByFullName = 8

	slotErrorText    = 6
	slotActivityID   = 7
	slotExtendedCode = 8

	slotUserSID      = 6
	slotInstallState = 7

	slotFirst      = 6 // of IIterable
	slotCurrent    = 6 // of IIterator
	slotHasCurrent = 7
	slotMoveNext   = 8

	slotPackageID     = 6
	slotPackageStatus = 6 // of IPackage3
	slotFullName      = 12
	slotStatusOK      = 6
	slotNotAvailable  = 7
	slotOffline       = 8
	slotRemediation   = 11
	slotModified      = 13
	slotTampered      = 14
	slotDependency    = 15

	slotCreateURI   = 6
	slotAbsoluteURI = 6
)

// Values of enumerations.
const (
	asyncStarted   = 0 // Windows.Foundation.AsyncStatus
	asyncCompleted = 1
	asyncCanceled  = 2

	deploymentNone         = 0 // Windows.Management.Deployment.DeploymentOptions
	deploymentStageInPlace = 0x400000

	removalPreserveRoamable = 0x80 // Windows.Management.Deployment.RemovalOptions
	removalForAllUsers      = 0x80000
)

// Interfaces lists everything that the bindings rely on.
func Interfaces() []Interface {
	iterable := map[string]int{"First": slotFirst}
	iterator := map[string]int{"get_Current": slotCurrent, "get_HasCurrent": slotHasCurrent, "MoveNext": slotMoveNext}
	return []Interface{
		{"IAsyncInfo", iidAsyncInfo, map[string]int{"get_Status": slotAsyncStatus, "get_ErrorCode": slotAsyncErrorCode, "Cancel": slotAsyncCancel, "Close": slotAsyncClose}},
		{"IPackageManager", iidPackageManager, map[string]int{"StagePackageAsync": slotStage, "FindUsers": slotFindUsers,
			"FindPackageByPackageFullName": slotFindPackage, "CleanupPackageForUserAsync": slotCleanup,
			"FindPackagesByPackageFamilyName": slotFindFamily}},
		{"IPackageManager2", iidPackageManager2, map[string]int{"RemovePackageWithOptionsAsync": slotRemoveWithOptions,
			"StagePackageWithOptionsAsync": slotStageWithOptions, "RegisterPackageByFullNameAsync": slotRegisterByFullName}},
		{"IAsyncOperationWithProgress<DeploymentResult, DeploymentProgress>", iidDeployment, map[string]int{"GetResults": slotGetResults}},
		{"IDeploymentResult", iidDeploymentResult, map[string]int{"get_ErrorText": slotErrorText, "get_ActivityId": slotActivityID, "get_ExtendedErrorCode": slotExtendedCode}},
		{"IPackageUserInformation", iidPackageUser, map[string]int{"get_UserSecurityId": slotUserSID, "get_InstallState": slotInstallState}},
		{"IIterable<PackageUserInformation>", iidPackageUsers, iterable},
		{"IIterator<PackageUserInformation>", iidPackageUserCursor, iterator},
		{"IIterable<Package>", iidPackages, iterable},
		{"IIterator<Package>", iidPackageCursor, iterator},
		{"IPackage", iidPackage, map[string]int{"get_Id": slotPackageID}},
		{"IPackage3", iidPackage3, map[string]int{"get_Status": slotPackageStatus}},
		{"IPackageId", iidPackageID, map[string]int{"get_FullName": slotFullName}},
		{"IPackageStatus", iidPackageStatus, map[string]int{"VerifyIsOK": slotStatusOK, "get_NotAvailable": slotNotAvailable,
			"get_PackageOffline": slotOffline, "get_NeedsRemediation": slotRemediation, "get_Modified": slotModified,
			"get_Tampered": slotTampered, "get_DependencyIssue": slotDependency}},
		{"IUriRuntimeClassFactory", iidURIFactory, map[string]int{"CreateUri": slotCreateURI}},
		{"IUriRuntimeClass", iidURI, map[string]int{"get_AbsoluteUri": slotAbsoluteURI}},
	}
}

// Enumerations lists the values that the bindings rely on: by the enumeration's name, its members.
func Enumerations() map[string]map[string]uint32 {
	return map[string]map[string]uint32{
		"AsyncStatus":         {"Started": asyncStarted, "Completed": asyncCompleted, "Canceled": asyncCanceled},
		"DeploymentOptions":   {"None": deploymentNone, "StageInPlace": deploymentStageInPlace},
		"RemovalOptions":      {"PreserveRoamableApplicationData": removalPreserveRoamable, "RemoveForAllUsers": removalForAllUsers},
		"PackageInstallState": {"NotInstalled": uint32(NotInstalled), "Staged": uint32(Staged), "Installed": uint32(Installed)},
	}
}

// InstallState is what a package is to one user: Windows.Management.Deployment.PackageInstallState.
type InstallState uint32

// The states of a package for a user.
const (
	NotInstalled InstallState = 0
	Staged       InstallState = 1
	Installed    InstallState = 2
)
