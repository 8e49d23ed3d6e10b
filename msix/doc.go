// Package msix reads, verifies, writes and signs MSIX and APPX packages, both
// as a container (.msix, .appx, .msixbundle) and expanded into a folder, which
// is the shape they have inside an app attach image.
//
// The layers, lowest first:
//
//   - Identity, Version, PublisherID: names of packages.
//   - Manifest, BundleManifest, BlockMap, Signature: one reader per footprint file.
//   - VerifyExpanded, NewVerifiedFS, FindPackages: packages in an fs.FS.
//   - OpenPackage, VerifyPackage: packages in their zip container.
//   - Pack, Sign, SelfSigned: the way back.
//
// Every reader treats its input as hostile: sizes are bounded before memory is
// allocated, nothing recurses on input, and errors say which file and, where
// one is known, which byte is wrong.
package msix

// Names of the footprint files (MSIX "package layout"): the files of a package
// that describe it and that its block map leaves out, save for the manifest.
const (
	ManifestName       = "AppxManifest.xml"
	BundleManifestName = "AppxMetadata/AppxBundleManifest.xml"
	BlockMapName       = "AppxBlockMap.xml"
	SignatureName      = "AppxSignature.p7x"
	ContentTypesName   = "[Content_Types].xml"
	CodeIntegrityName  = "AppxMetadata/CodeIntegrity.cat"
)

// BlockSize is the number of uncompressed bytes that one hash of a block map
// covers; the last block of a file may be shorter.
const BlockSize = 64 << 10

// Limits on what is read into memory at once.
const (
	maxManifest  = 16 << 20  // an AppxManifest.xml or AppxBundleManifest.xml
	maxBlockMap  = 512 << 20 // about 300 GB of payload
	maxSignature = 2 << 20   // the limit of Microsoft's own SDK
	maxCatalog   = 64 << 20  // AppxMetadata/CodeIntegrity.cat
)
