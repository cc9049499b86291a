include $(sort $(wildcard $(BR2_EXTERNAL_CRAMFS_XIP_PATH)/package/*/*.mk))
include $(sort $(wildcard $(BR2_EXTERNAL_CRAMFS_XIP_PATH)/fs/*/*.mk))
