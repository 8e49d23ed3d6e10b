package winmd

import _ "github.com/saltosystems/winrt-go/windows/foundation" // its module carries the .winmd files
