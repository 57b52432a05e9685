-- Lmod: copy to a folder of MODULEPATH as matsieve/<version>.lua; the release unpacked at ROOT.
-- Where the file stays inside the release (share/modulefiles/matsieve), ROOT is found from its place.
local root = os.getenv("MATSIEVE_ROOT") or pathJoin(myFileName():match("^(.*)/share/modulefiles/") or "/opt/matsieve")

whatis("Name: matsieve")
whatis("Version: " .. myModuleVersion())
whatis("Description: high-throughput materials screening: candidates in, one self-describing HDF5 file out")
help([[matsieve: high-throughput materials screening. Start with: matsieve --help]])

prepend_path("PATH", pathJoin(root, "bin"))
prepend_path("MANPATH", pathJoin(root, "share/man"))
prepend_path("XDG_DATA_DIRS", pathJoin(root, "share"))
