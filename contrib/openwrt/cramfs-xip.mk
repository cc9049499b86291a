# Makefile rules in OpenWrt's style: include this in target/linux/TARGET/image/Makefile, and
#   define Device/board
#     IMAGES += rootfs.bin
#     IMAGE/rootfs.bin := cramfs-xip | pad-to 64k
#   endef
# In other makefiles: $(call cramfs_xip,DIRECTORY,IMAGE).

CRAMFS ?= $(STAGING_DIR_HOST)/bin/cramfs
# mmu or nommu: the kind of kernel.
CRAMFS_XIP ?= mmu
CRAMFS_ENDIAN ?= $(if $(CONFIG_BIG_ENDIAN),big,little)
CRAMFS_OPTIONS ?= --squash
# Patterns of files that Linux has to map from flash.
CRAMFS_REQUIRE ?=

define cramfs_xip
	$(CRAMFS) build $(1) $(2) --xip=$(CRAMFS_XIP) --endian=$(CRAMFS_ENDIAN) $(CRAMFS_OPTIONS)
	$(if $(CRAMFS_REQUIRE),$(CRAMFS) map $(2) --$(CRAMFS_XIP) \
		$(foreach glob,$(CRAMFS_REQUIRE),--require '$(glob)'))
endef

define Build/cramfs-xip
	$(call cramfs_xip,$(call mkfs_target_dir,$(1)),$@)
endef
