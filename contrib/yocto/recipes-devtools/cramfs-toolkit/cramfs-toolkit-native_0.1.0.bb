SUMMARY = "Builds, checks and explains cramfs images whose programs run in place"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

# The one file that npm run dist makes: put it into files/ beside this recipe.
SRC_URI = "file://cramfs.cjs"

inherit native

DEPENDS = "nodejs-native"

do_install() {
    install -D -m 0755 ${WORKDIR}/cramfs.cjs ${D}${libdir}/cramfs/cramfs.cjs
    install -d ${D}${bindir}
    ln -s ../lib/cramfs/cramfs.cjs ${D}${bindir}/cramfs
}
