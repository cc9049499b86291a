# An image type: IMAGE_FSTYPES += "cramfs-xip", IMAGE_CLASSES += "image_types_cramfs_xip"

# mmu or nommu: the kind of kernel.
CRAMFS_XIP ??= "mmu"
# More options of cramfs build.
CRAMFS_XIP_OPTIONS ??= ""
# Patterns of files, with spaces between them, that Linux has to map from flash.
CRAMFS_XIP_REQUIRE ??= ""

def cramfs_endian(d):
    return "big" if d.getVar("SITEINFO_ENDIANNESS") == "be" else "little"

inherit siteinfo

# Runs under pseudo: owners and devices come from there.
IMAGE_CMD:cramfs-xip () {
    set -f
    image=${IMGDEPLOYDIR}/${IMAGE_NAME}.cramfs-xip
    cramfs build ${IMAGE_ROOTFS} $image --xip=${CRAMFS_XIP} \
        --endian=${@cramfs_endian(d)} ${CRAMFS_XIP_OPTIONS}
    for glob in ${CRAMFS_XIP_REQUIRE}; do
        cramfs map $image --${CRAMFS_XIP} --require "$glob"
    done
    set +f
}

do_image_cramfs_xip[depends] += "cramfs-toolkit-native:do_populate_sysroot"
