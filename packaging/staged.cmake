# Run by cpack over the files of a package before it packs them: what Debian's policy asks for.
if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()
set(usr ${CPACK_TEMPORARY_DIRECTORY}/usr)
set(documents ${usr}/share/doc/quern)

# Man pages are compressed, and the changelog in Debian's form names ours, which stays where other
# documents link to it.  Without times of packing, so that equal builds are equal files.
file(GLOB pages ${usr}/share/man/man*/*.[1-9])
file(TIMESTAMP ${documents}/CHANGELOG.md date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog
"quern (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Everything that changed is in /usr/share/doc/quern/CHANGELOG.md.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
")
execute_process(COMMAND gzip -9n ${pages} ${documents}/changelog COMMAND_ERROR_IS_FATAL ANY)

file(WRITE ${documents}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: quern

Files: *
Copyright: 2026 the quern developers
License: Apache-2.0
 On Debian systems the whole text of the Apache License, Version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
")

# What Debian does otherwise in packages of its own.
file(WRITE ${usr}/share/lintian/overrides/quern
"# One package holds programs, library and headers: one file to hand on and to install.
quern: package-name-doesnt-match-sonames
quern: link-to-shared-library-in-wrong-package
quern: pkg-config-unavailable-for-cross-compilation
# The documents are those of every other way to install, so that links between them hold.
quern: extra-license-file
# cpack writes them for whatever holds a library.
quern: maintscript-calls-ldconfig
# sbatch and qsub read these, nobody runs them.
quern: script-not-executable
")
