#pragma once

#ifdef DALIL_HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>

#include <memory>

namespace dalil::crypto {

struct ManagerDeleter {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};
using Manager = std::unique_ptr<IMB_MGR, ManagerDeleter>;

/// A manager for this processor; null without memory or without the instructions that the library needs.
inline Manager make_manager() {
  Manager manager(alloc_mb_mgr(0));
  if (!manager) return nullptr;
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager.get(), &arch);
  if (imb_get_errno(manager.get()) != 0 || arch == IMB_ARCH_NONE) return nullptr;
  return manager;
}

}  // namespace dalil::crypto

#endif
