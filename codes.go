package berth

import "strings"

// Explanation is what the rules make of a failure's code.
type Explanation struct {
	Status StatusName // which of the red statuses it is
	Remedy string
	Retry  bool // whether trying again by itself can help
}

// Explain names the status and the remedy of a failure: by the code of the platform where it is known, else by the phase.
func Explain(f Failure) Explanation {
	if e, ok := codes[codeKey(f.Code)]; ok {
		return e
	}
	if f.Phase == PhaseTrust {
		return Explanation{StatusCertificateMissing, "let the site provision package certificates, or install the signer's certificate on the host", true}
	}
	return Explanation{StatusStagingFailed, "see the agent's log on the host, then retry", true}
}

// codeKey gives a code the spelling of the table: Windows components write the digits of an HRESULT in either case.
func codeKey(code string) string {
	if digits, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(code)), "0X"); ok {
		return "0x" + digits
	}
	return strings.ToUpper(strings.TrimSpace(code))
}

// Codes are the platforms' error codes: HRESULTs as Windows writes them, errno names on Linux,
// NTSTATUS values that an SMB server gave and no errno says.
// Sources: winerror.h; MS-ERREF 2.3.1; MicrosoftDocs "Troubleshooting packaging, deployment, and query of Windows apps"; errno(3).
var codes = map[string]Explanation{
	"ENOENT":       {StatusNotFound, "check the image path and that the file is still on the share", true},
	"ENOTDIR":      {StatusNotFound, "check the image path", true},
	"EHOSTUNREACH": {StatusNotFound, "check the network and the file server", true},
	"ECONNREFUSED": {StatusNotFound, "check that the file server is running", true},
	"ETIMEDOUT":    {StatusNotFound, "check the network and the load of the file server", true},
	"EAI_NONAME":   {StatusNotFound, "check the name of the file server and the host's name resolution", true},
	"ECONNRESET":   {StatusNotFound, "check the network and that the file server is running", true},
	"ENETUNREACH":  {StatusNotFound, "check the network of the host", true},
	"EHOSTDOWN":    {StatusNotFound, "check that the file server is running", true},
	"ESTALE":       {StatusStagingFailed, "give a changed image a new name, and never overwrite one that is in use", true},
	"EBUSY":        {StatusStagingFailed, "close what else holds the image open", true},
	"ELOOP":        {StatusNotFound, "check the symbolic links in the image path", false},
	"EACCES":       {StatusStagingFailed, "give the host's computer account read permission on the share and the file", true},
	"ENOSPC":       {StatusStagingFailed, "free space on the host", true},
	"EIO":          {StatusStagingFailed, "check the storage of the file server", true},
	"0x80070002":   {StatusNotFound, "check the image path, or rebuild the image", true},
	"0x80070003":   {StatusNotFound, "check the folder of the image path", true},
	"0x80070035":   {StatusNotFound, "check name resolution, firewall and that the file server is up", true},
	"0x80070043":   {StatusNotFound, "check the name of the share", true},
	"0x80070040":   {StatusNotFound, "check the network and that the file server is running", true},
	"0x80070079":   {StatusNotFound, "check the network and the load of the file server", true},
	"0x80070020":   {StatusStagingFailed, "close what else holds the image open", true},
	"0x8007052E":   {StatusStagingFailed, "check the user and the password with which the host signs in to the file server", true},
	"0xC0000257":   {StatusNotFound, "name the file server itself in the image path, not the DFS namespace", false},
	"0xC000019C":   {StatusNotFound, "name the file server itself in the image path, not the DFS namespace", false},
	"0x80070005":   {StatusStagingFailed, "give the host's computer account read permission on share and file", true},
	"0x80070570":   {StatusStagingFailed, "make the image again: its file system is damaged", false},
	"0xC03A0002":   {StatusStagingFailed, "copy or make the image again: it is truncated or damaged", false},
	"0xC03A0004":   {StatusStagingFailed, "use a VHD or VHDX image; if it is one, copy it again", false},
	"0xC03A0005":   {StatusStagingFailed, "make the image again as a fixed or dynamic VHD or VHDX", false},
	"0xC03A000D":   {StatusStagingFailed, "merge the image into its parent, then use that", false},
	"0x800703ED":   {StatusStagingFailed, "make the image again with an NTFS volume that is not encrypted", false},
	"0x80080204":   {StatusStagingFailed, "make the image again from the signed package: its manifest cannot be used", false},
	"0x80080205":   {StatusStagingFailed, "make the image again from the signed package: its block map cannot be used", false},
	"0x8007000B":   {StatusStagingFailed, "sign the package with a certificate whose subject is its publisher", false},
	"0x80073CF3":   {StatusStagingFailed, "add the missing framework package to the catalogue", true},
	"0x80073CFB":   {StatusStagingFailed, "raise the package's version, or remove the old one for all users", false},
	"0x80080206":   {StatusStagingFailed, "make the image again from the signed package: a file is missing or too much", false},
	"0x80080207":   {StatusStagingFailed, "make the image again from the signed package: a file was altered after signing", false},
	"0x800B0100":   {StatusCertificateMissing, "sign the package, or expand it again with its AppxSignature.p7x", false},
	"0x800B0101":   {StatusCertificateMissing, "sign the package again with a timestamp", false},
	"0x800B0109":   {StatusCertificateMissing, "let the site provision package certificates, or install the signer's certificate on the host", true},
	"0x800B010A":   {StatusCertificateMissing, "install the intermediate certificates on the host", true},
	"0x80096010":   {StatusStagingFailed, "make the image again from the signed package: the signature does not fit the content", false},
}
