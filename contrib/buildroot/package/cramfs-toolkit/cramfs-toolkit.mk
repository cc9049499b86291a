################################################################################
#
# cramfs-toolkit, for the host: one file, run by the host's Node.js
#
################################################################################

HOST_CRAMFS_TOOLKIT_LICENSE = MIT

define HOST_CRAMFS_TOOLKIT_INSTALL_CMDS
	$(INSTALL) -D -m 0755 $(call qstrip,$(BR2_TARGET_ROOTFS_CRAMFS_XIP_ONE_FILE)) \
		$(HOST_DIR)/lib/cramfs/cramfs.cjs
	mkdir -p $(HOST_DIR)/bin
	ln -sf ../lib/cramfs/cramfs.cjs $(HOST_DIR)/bin/cramfs
endef

$(eval $(host-generic-package))
