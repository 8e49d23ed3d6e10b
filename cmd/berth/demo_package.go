package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"berth/imaging"
)

const demoPublisher = "CN=Contoso Demo, O=Contoso, C=US"

// demoSigner signs the demo's packages, both versions alike.
type demoSigner struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newDemoSigner() (s demoSigner, err error) {
	s.cert, s.key, err = imaging.SelfSigned(demoPublisher, time.Now(), rand.Reader)
	return s, err
}

// writeDemoPackage writes the folder of a package with two applications.
func writeDemoPackage(folder, version string) error {
	files := map[string][]byte{
		"AppxManifest.xml": fmt.Appendf(nil, demoManifest, demoPublisher, version),
		"notes.exe":        emptyProgram(),
		"reader.exe":       emptyProgram(),
		"readme.txt":       fmt.Appendf(nil, "Contoso Notes %s\r\n", version),
	}
	for name, size := range map[string]int{"Assets/Square44x44Logo.png": 44, "Assets/Square150x150Logo.png": 150, "Assets/Logo.png": 50} {
		icon, err := demoIcon(size)
		if err != nil {
			return err
		}
		files[name] = icon
	}
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

const demoManifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"
  xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10"
  xmlns:rescap="http://schemas.microsoft.com/appx/manifest/foundation/windows10/restrictedcapabilities"
  IgnorableNamespaces="uap rescap">
  <Identity Name="Contoso.Notes" Publisher="%s" Version="%s" ProcessorArchitecture="x64"/>
  <Properties>
    <DisplayName>Contoso Notes</DisplayName>
    <PublisherDisplayName>Contoso</PublisherDisplayName>
    <Logo>Assets\Logo.png</Logo>
  </Properties>
  <Dependencies>
    <TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.19041.0" MaxVersionTested="10.0.26100.0"/>
  </Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
  <Applications>
    <Application Id="Notes" Executable="notes.exe" EntryPoint="Windows.FullTrustApplication">
      <uap:VisualElements DisplayName="Notes" Description="Write notes" BackgroundColor="transparent"
        Square150x150Logo="Assets\Square150x150Logo.png" Square44x44Logo="Assets\Square44x44Logo.png"/>
    </Application>
    <Application Id="Reader" Executable="reader.exe" EntryPoint="Windows.FullTrustApplication">
      <uap:VisualElements DisplayName="Notes Reader" Description="Read notes" BackgroundColor="transparent"
        Square150x150Logo="Assets\Square150x150Logo.png" Square44x44Logo="Assets\Square44x44Logo.png"/>
    </Application>
  </Applications>
  <Capabilities><rescap:Capability Name="runFullTrust"/></Capabilities>
</Package>
`

func demoIcon(size int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{0x0f, 0x6c, 0xbd, 0xff}), image.Point{}, draw.Src)
	inner := image.Rect(size/4, size/4, size-size/4, size-size/4)
	draw.Draw(img, inner, image.NewUniform(color.White), image.Point{}, draw.Src)
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// emptyProgram is a Windows program for x64 that ends at once with exit code 0: a PE32+ file with one section.
// Fields in the order of "PE Format", sections "COFF File Header", "Optional Header" and "Section Table".
func emptyProgram() []byte {
	const (
		headers, fileAlign, memAlign = 0x200, 0x200, 0x1000
		peOffset                     = 0x40
	)
	b := make([]byte, headers+fileAlign)
	le := binary.LittleEndian
	copy(b, "MZ")
	le.PutUint32(b[0x3c:], peOffset) // e_lfanew
	copy(b[peOffset:], "PE\x00\x00")
	coff := b[peOffset+4:]
	le.PutUint16(coff[0:], 0x8664)  // Machine: x64
	le.PutUint16(coff[2:], 1)       // NumberOfSections
	le.PutUint16(coff[16:], 240)    // SizeOfOptionalHeader
	le.PutUint16(coff[18:], 0x0022) // Characteristics: executable, large addresses
	opt := coff[20:]
	le.PutUint16(opt[0:], 0x20b)        // Magic: PE32+
	le.PutUint32(opt[4:], fileAlign)    // SizeOfCode
	le.PutUint32(opt[16:], memAlign)    // AddressOfEntryPoint
	le.PutUint32(opt[20:], memAlign)    // BaseOfCode
	le.PutUint64(opt[24:], 0x140000000) // ImageBase
	le.PutUint32(opt[32:], memAlign)    // SectionAlignment
	le.PutUint32(opt[36:], fileAlign)   // FileAlignment
	le.PutUint16(opt[40:], 6)           // MajorOperatingSystemVersion
	le.PutUint16(opt[48:], 6)           // MajorSubsystemVersion
	le.PutUint32(opt[56:], 2*memAlign)  // SizeOfImage
	le.PutUint32(opt[60:], headers)     // SizeOfHeaders
	le.PutUint16(opt[68:], 3)           // Subsystem: console
	le.PutUint64(opt[72:], 1<<20)       // SizeOfStackReserve
	le.PutUint64(opt[80:], 1<<12)       // SizeOfStackCommit
	le.PutUint64(opt[88:], 1<<20)       // SizeOfHeapReserve
	le.PutUint64(opt[96:], 1<<12)       // SizeOfHeapCommit
	le.PutUint32(opt[108:], 16)         // NumberOfRvaAndSizes; all empty
	sec := opt[240:]
	copy(sec, ".text")
	le.PutUint32(sec[8:], 3)                    // VirtualSize
	le.PutUint32(sec[12:], memAlign)            // VirtualAddress
	le.PutUint32(sec[16:], fileAlign)           // SizeOfRawData
	le.PutUint32(sec[20:], headers)             // PointerToRawData
	le.PutUint32(sec[36:], 0x60000020)          // Characteristics: code, execute, read
	copy(b[headers:], []byte{0x31, 0xc0, 0xc3}) // xor eax, eax; ret
	return b
}
