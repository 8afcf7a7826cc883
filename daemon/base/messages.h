/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of fact that carved logs, each with the id by which its lines are found (`journalctl
 * MESSAGE_ID=...`). systemd/carved.catalog says of each what it means and what to do (`journalctl
 * -x`). A new one is a row here, made by `systemd-id128 new`, and an entry there;
 * tests/lint/messages compares them.
 */
#pragma once

#define MESSAGE_STATE		  "decc6174fd5a4d69a6552c9334d74138"
#define MESSAGE_FAILED		  "a28bf1560988417cad4e70f8943b96dd"
#define MESSAGE_QUARANTINED	  "5ee026424c8a451997ad0b3b3fe4d0c0"
#define MESSAGE_REFUSED		  "8104b26654824a85af8c264772f28233"
#define MESSAGE_PAUSED		  "e2c0656b95874b7996b02fd7ef31a1a0"
#define MESSAGE_DRIFTED		  "e923c2e933804c26a9f32ef4ec173559"
#define MESSAGE_PENDING_RELOAD	  "1d632178d2504a2196515d2e1dedd74f"
#define MESSAGE_PENDING_POWER	  "d37ac13c67884242aaad63e11b6d5f85"
#define MESSAGE_CONFIG_ACCEPTED	  "2a93b5a012b74c448fcdff379986fdf5"
#define MESSAGE_CONFIG_REFUSED	  "43fe1e4a08014b1090624e39949f3a4d"
#define MESSAGE_CONFIG_PROBLEM	  "cfec97cc3f944844a3a06a355667e72e"
#define MESSAGE_DEVICE_PROBLEM	  "a2f94a3e91eb4acf857b78438b1057e0"
#define MESSAGE_REGISTERED	  "12f68fd0c0cb4071a07a15db176d6acd"
#define MESSAGE_ABSENT		  "c1cb93f31b6f4d998d4f3ebf63ad43af"
#define MESSAGE_GONE		  "ffb4798fa1d845739c4d588f1c31bc72"
#define MESSAGE_RESTORED	  "50a6efd5d11e4686b595a319b40789ca"
#define MESSAGE_DRIFT		  "c3c49d4f1f6d4a4d8c753be755aded34"
#define MESSAGE_FIGHT		  "ff7a771b78a340f39ef164b055e4a186"
#define MESSAGE_FOREIGN_SIZE	  "e61e735974874511832dcfce43a79880"
#define MESSAGE_UNREAD_SIZE	  "2737553164ac4757b2610182d0d2424f"
#define MESSAGE_SET_FAILED	  "9665c4cec1dd4d82b497dfd02ee0b733"
#define MESSAGE_RELOADED	  "4064511938fa4d7c98ab725f6d8ff1e5"
#define MESSAGE_RELOAD_FAILED	  "89c139c42fb245fc8cefff1a4cc27626"
#define MESSAGE_ROLLBACK	  "cd5e5f7bac454db38738763e7b6ce01a"
#define MESSAGE_ROLLBACK_FAILED	  "a34cb190869741f1ae4ad5b08991b31e"
#define MESSAGE_FLASHED		  "44d93a9cf6da4e029e238994ee80657b"
#define MESSAGE_FLASH_FAILED	  "4a8e0699ebbf4a149d1a55431e86689e"
#define MESSAGE_FIRMWARE_RUNS	  "a9e41bf8c41041a69ff5c67557a61558"
#define MESSAGE_FIRMWARE_MISMATCH "9cd9bc0b21604387bbb0e0c5878eaa1d"
#define MESSAGE_UNREADABLE	  "cefc38bb08a14f7dad0174b068da6810"
#define MESSAGE_KERNEL		  "26268d8bed414573a51a98b5ebd13d19"
#define MESSAGE_OVERRUN		  "dc7888e148254f4ca2d79e965b7419a0"
#define MESSAGE_NOT_SAVED	  "e361bf4fa05440ad8aa589a4f6574de1"
#define MESSAGE_DAMAGED		  "0e0e733d69d74c089ab02cc50ea08d13"
#define MESSAGE_RUNNING		  "d3ed1e1d752e402aa33d2538b0cd21be"
#define MESSAGE_BUS		  "8fb7e5e051d140bb949438423fbf7f29"
#define MESSAGE_UNNAMED		  "cd2b1a1b2e7a4f0ab2a2a3c7d2d1a9f4"
#define MESSAGE_OFF		  "93ab15710ed04eb4b4f14b2848e51527"
