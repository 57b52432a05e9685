#%Module1.0
## Environment Modules: copy to a folder of MODULEPATH as matsieve/<version>; the release unpacked at ROOT.
## Where the file stays inside the release (share/modulefiles/matsieve), ROOT is found from its place.
if { [info exists ::env(MATSIEVE_ROOT)] } {
    set root $::env(MATSIEVE_ROOT)
} else {
    set root [file normalize [file join [file dirname [file normalize $ModulesCurrentModulefile]] .. .. ..]]
}

module-whatis "high-throughput materials screening: candidates in, one self-describing HDF5 file out"
proc ModulesHelp { } {
    puts stderr "matsieve: high-throughput materials screening. Start with: matsieve --help"
}

prepend-path PATH [file join $root bin]
prepend-path MANPATH [file join $root share man]
prepend-path XDG_DATA_DIRS [file join $root share]
