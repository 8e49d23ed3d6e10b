package imaging

import (
	"bytes"
	raster "image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // logos may be JPEG, which is made a PNG
	"image/png"
)

// Bounds of an icon in the catalogue, and of a picture that is made smaller for it.
const (
	mostIcon   = 16 << 10 // bytes
	widestIcon = 256      // points
	mostPoints = 2 << 20  // of a picture that is opened at all
)

// smallPNG gives a picture as a PNG within the bounds of an icon: as it is where it fits, else made smaller. False when it is
// no picture, or too large to open.
func smallPNG(data []byte) ([]byte, bool) {
	config, format, err := raster.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width <= 0 || config.Height <= 0 || config.Width > mostPoints/config.Height {
		return nil, false
	}
	picture, _, err := raster.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, false
	}
	if format == "png" && len(data) <= mostIcon && config.Width <= widestIcon && config.Height <= widestIcon {
		return data, true
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, shrink(picture, iconSize)); err != nil || out.Len() > mostIcon {
		return nil, false
	}
	return out.Bytes(), true
}

// shrink fits a picture into a square of size points; each point is the mean of those that it covers.
func shrink(picture raster.Image, size int) raster.Image {
	b := picture.Bounds()
	src := raster.NewNRGBA64(raster.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(src, src.Bounds(), picture, b.Min, draw.Src)
	longest := max(b.Dx(), b.Dy())
	w, h := max(1, b.Dx()*size/longest), max(1, b.Dy()*size/longest)
	if longest <= size {
		w, h = b.Dx(), b.Dy()
	}
	out := raster.NewNRGBA(raster.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			out.SetNRGBA(x, y, mean(src, raster.Rect(x*b.Dx()/w, y*b.Dy()/h, (x+1)*b.Dx()/w, (y+1)*b.Dy()/h)))
		}
	}
	return out
}

// mean is the mean colour of a part of a picture, weighted by how much of it can be seen.
func mean(src *raster.NRGBA64, part raster.Rectangle) color.NRGBA {
	var r, g, b, a, n uint64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			c := src.NRGBA64At(x, y)
			seen := uint64(c.A)
			r, g, b = r+uint64(c.R)*seen, g+uint64(c.G)*seen, b+uint64(c.B)*seen
			a, n = a+seen, n+1
		}
	}
	if a == 0 || n == 0 {
		return color.NRGBA{}
	}
	return color.NRGBA{R: uint8(r / a >> 8), G: uint8(g / a >> 8), B: uint8(b / a >> 8), A: uint8(a / n >> 8)}
}
