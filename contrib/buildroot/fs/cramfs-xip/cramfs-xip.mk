################################################################################
#
# Build the cramfs root filesystem image, programs in place
#
################################################################################

ROOTFS_CRAMFS_XIP_DEPENDENCIES = host-cramfs-toolkit

ROOTFS_CRAMFS_XIP_ARGS = \
	--xip=$(if $(BR2_USE_MMU),mmu,nommu) \
	--endian=$(if $(filter "BIG",$(BR2_ENDIAN)),big,little) \
	$(call qstrip,$(BR2_TARGET_ROOTFS_CRAMFS_XIP_OPTIONS))

# Runs under fakeroot, like all image builds of Buildroot: owners and devices come from there.
define ROOTFS_CRAMFS_XIP_CMD
	$(HOST_DIR)/bin/cramfs build $(TARGET_DIR) $@ $(ROOTFS_CRAMFS_XIP_ARGS)
	$(HOST_DIR)/bin/cramfs map $@ --$(if $(BR2_USE_MMU),mmu,nommu) \
		$(foreach glob,$(call qstrip,$(BR2_TARGET_ROOTFS_CRAMFS_XIP_REQUIRE)),--require '$(glob)') \
		>&2
endef

$(eval $(rootfs))
